"""What each axis of an array means."""

from collections.abc import Sequence
from dataclasses import dataclass

from napari_cliptrase.errors import ImageReadError

RGB_SAMPLES = "S"
CHANNEL = "C"


@dataclass(frozen=True)
class AxisRoles:
    """One letter per axis, in the order of the array, as TIFF files name them.

    ``Y`` and ``X`` span the plane, ``S`` holds red, green, blue (and alpha), ``C`` holds channels that are mixed into
    one picture, and every other letter (``Z``, ``T``, …) counts planes. ``AxisRoles("TYXS")`` is a film in colour.
    """

    letters: str

    def __post_init__(self) -> None:
        for axis, word in (("Y", "a vertical"), ("X", "a horizontal")):
            if self.letters.count(axis) != 1:
                raise ImageReadError(f"The axes {self.letters!r} need exactly one {axis}, {word} one.")
        if self.letters.count(RGB_SAMPLES) + self.letters.count(CHANNEL) > 1:
            raise ImageReadError(f"The axes {self.letters!r} have two colour axes; only one of S and C can be used.")

    @property
    def y(self) -> int:
        """Number of the vertical axis."""
        return self.letters.index("Y")

    @property
    def x(self) -> int:
        """Number of the horizontal axis."""
        return self.letters.index("X")

    @property
    def rgb(self) -> bool:
        """Whether there is an axis of red, green and blue."""
        return RGB_SAMPLES in self.letters

    @property
    def color(self) -> int | None:
        """Number of the axis of colours or channels, or None."""
        found = [i for i, letter in enumerate(self.letters) if letter in (RGB_SAMPLES, CHANNEL)]
        return found[0] if found else None

    @property
    def planes(self) -> tuple[int, ...]:
        """Numbers of the axes that count planes, in order."""
        return tuple(i for i, letter in enumerate(self.letters) if letter not in "YX" + RGB_SAMPLES + CHANNEL)

    def plane_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """How many planes an array of ``shape`` has along each plane axis."""
        return tuple(shape[i] for i in self.planes)


_WORDS = {
    "y": "Y", "row": "Y", "rows": "Y", "height": "Y",
    "x": "X", "column": "X", "columns": "X", "col": "X", "width": "X",
    "c": CHANNEL, "ch": CHANNEL, "channel": CHANNEL, "channels": CHANNEL,
    "s": RGB_SAMPLES, "rgb": RGB_SAMPLES, "rgba": RGB_SAMPLES,
    "z": "Z", "depth": "Z", "t": "T", "time": "T",
}  # fmt: skip
_SPARE = "ZTQRUVWABDEFGHIJKLMNOP"  # letters for planes without a name, the innermost first


def guess_roles(shape: Sequence[int], rgb: bool | None = None, axis_labels: Sequence[str] | None = None) -> AxisRoles:
    """Guess what the axes of an array mean.

    Parameters
    ----------
    shape
        Of the array, colour axis included.
    rgb
        Whether the last axis holds red, green, blue (and alpha); None guesses it from the shape.
    axis_labels
        Names of the axes (without the colour axis when ``rgb``), where known; napari's ``axis -1`` and the like count
        as unknown.
    """
    if rgb is None:
        rgb = len(shape) >= 3 and shape[-1] in (3, 4) and shape[-2] > 4 and not _knows_channel(axis_labels)
    spatial = len(shape) - bool(rgb)
    if spatial < 2:
        raise ImageReadError(f"An array of shape {tuple(shape)} is not an image: it needs a height and a width.")
    letters = [_WORDS.get(label.strip().lower(), "") for label in axis_labels or ()][:spatial]
    letters += [""] * (spatial - len(letters))
    if sorted(filter(None, letters)).count("Y") != 1 or letters.count("X") != 1:
        letters = [letter if letter not in ("Y", "X") else "" for letter in letters]
        letters[-2:] = "Y", "X"
    if rgb:
        letters = [letter if letter not in (RGB_SAMPLES, CHANNEL) else "" for letter in letters] + [RGB_SAMPLES]
    elif axis_labels is None and spatial == 3 and shape[0] == 3 and min(shape[1:]) > 4:
        letters[0] = CHANNEL  # colours first, as torch stores a picture
    return AxisRoles(distinct_letters(letters))


def distinct_letters(letters: Sequence[str]) -> str:
    """Join the letters of axes; those that are missing or there twice become spare ones, the innermost Z."""
    named: list[str] = []
    for letter in reversed(letters):
        if not letter or letter in named:
            letter = next(spare for spare in _SPARE if spare not in (*letters, *named))
        named.append(letter)
    return "".join(reversed(named))


def _knows_channel(axis_labels: Sequence[str] | None) -> bool:
    return any(_WORDS.get(label.strip().lower()) == CHANNEL for label in axis_labels or ())
