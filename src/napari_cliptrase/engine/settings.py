"""Everything that can be chosen about a run, as one frozen value.

The fields are of two kinds. The first shape the encoding of an image (slow); the second only how it is scored against
prompts (fast, from cached values). `Settings.encode_key` shows whether a change needs a new encoding.
"""

import json
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from napari_cliptrase.cliptrase.options import (
    Absent,
    Denoise,
    PositionKernel,
    Recovery,
    SynonymMerge,
    TemplateSet,
    Vote,
)
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.field_values import (
    FieldError,
    checked_flag,
    checked_number,
    checked_whole_number,
    naming,
    shown,
)
from napari_cliptrase.json_file import parse_json


class SettingsError(CliptraseError):
    """A setting has a value that cannot work."""


class Detail(StrEnum):
    """The resolution of the model's view; finer finds smaller objects and takes longer."""

    COARSE = "coarse"
    """Short side 224 pixels, whole image at once."""
    NORMAL = "normal"
    """Short side 336 pixels, whole image at once unless it is very long."""
    FINE = "fine"
    """Short side 672 pixels, in overlapping windows of 336."""
    FULL = "full"
    """The pixels of the image as they are, in overlapping windows of 336; for slides and other large images."""


@dataclass(frozen=True)
class _Working:
    """What a detail means: short side and largest side of a window, in pixels of the working image."""

    resolution: int
    window: int


_WORKING: Final = {
    Detail.COARSE: _Working(224, 448),
    Detail.NORMAL: _Working(336, 672),
    Detail.FINE: _Working(672, 336),
    Detail.FULL: _Working(672, 336),  # the window; the side only where an image is cropped to a square
}
# what the paper's code uses: DBSCAN radius and core size at a resolution
_PUBLISHED: Final = {224: (0.7, 3), 336: (1.1, 7)}

# what costs next to nothing where every class is there; published are 0.05 to 0.15 and 0.5
_USUAL_LEAST: Final = {Absent.OFF: 0.0, Absent.PURIFY: 0.05, Absent.PEAK: 0.3}
# published are 0.5 to 0.8, which here costs 0.7 points where every class is there
_USUAL_AMBIGUITY: Final = 0.9

_SCORE_SIDE: Final = (
    "templates",
    "synonym_merge",
    "vote",
    "protect",
    "threshold",
    "scale",
    "prior",
    "absent",
    "absent_threshold",
    "ambiguity",
    "texture",
)

# what shapes the regions of an encoding, and nothing else of it
_REGION_SIDE: Final = ("denoise", "eps", "min_samples")


@dataclass(frozen=True)
class Settings:
    """Settings of a run; ``Settings()`` are the defaults, `Settings.paper` is the published protocol.

    Attributes
    ----------
    detail
        One knob for resolution and windows.
    resolution
        Short side of the working image in pixels (rounded to whole patches); None: as ``detail`` says.
    window
        Longest side of a window in pixels of the working image; a longer image is encoded in several. None leaves it
        to ``detail``.
    overlap
        Least share of a window that the next one repeats.
    crop
        Take the central square of the image instead of all of it, as the paper does; the labels cover that square.
    recovery
        How the last attention layer is changed.
    denoise
        How patches that stand for the whole image are kept from joining regions.
    kernel
        How position embeddings are stretched to another grid.
    eps, min_samples
        Radius and core size of DBSCAN; None means the law that follows the number of patches.
    templates
        Sentences that each phrase is put into.
    synonym_merge
        Whether the phrases of a class are averaged, or the best one counts at each place.
    vote
        How a region decides on its class.
    protect
        A pixel whose class leads the next one by more than this probability keeps it whatever its region votes for, so
        that small things do not vanish in their surroundings; 1 gives every pixel to the vote, as the paper does.
    threshold
        Least probability for a class; pixels below become 0. A class may have its own.
    scale
        Factor on cosine similarities before the softmax; None means the model's own (100 for most).
    prior
        Multiply the scores of a class by the score of the image as a whole, as the paper does for VOC20.
    absent
        The test that a class is not in the image, so that it wins no pixel.
    absent_threshold
        The figure of that rule up to which a class counts as absent; None means the rule's usual one.
    ambiguity
        Of the rule ``purify``: how much of their places two classes share (soft IoU) when the model looks at the place
        again and one of them goes; 1 lets both stay, None means the usual value.
    texture
        Where classes have examples, colour and texture of small spots count beside the patches.
    """

    detail: Detail = Detail.NORMAL
    resolution: int | None = None
    window: int | None = None
    overlap: float = 1 / 3
    crop: bool = False
    recovery: Recovery = Recovery.CLIPTRASE
    denoise: Denoise = Denoise.CLS_SUBTRACT
    kernel: PositionKernel = PositionKernel.CLEAN
    eps: float | None = None
    min_samples: int | None = None

    templates: TemplateSet = TemplateSet.FULL
    synonym_merge: SynonymMerge = SynonymMerge.MEAN
    vote: Vote = Vote.HARD
    protect: float = 0.8
    threshold: float = 0.0
    scale: float | None = None
    prior: bool = False
    absent: Absent = Absent.OFF
    absent_threshold: float | None = None
    ambiguity: float | None = None
    texture: bool = True

    def __post_init__(self) -> None:
        with naming("The setting ", SettingsError):
            for name, choices in _CHOICES.items():
                self._set(name, _choice(name, getattr(self, name), choices))
            for name, limits in _WHOLE_NUMBERS.items():
                if getattr(self, name) is not None:
                    self._set(name, checked_whole_number(name, getattr(self, name), *limits))
            for name, (lowest, highest, may_be_none) in _NUMBERS.items():
                if not (may_be_none and getattr(self, name) is None):
                    self._set(name, checked_number(name, getattr(self, name), lowest, highest))
            for name in _FLAGS:
                self._set(name, checked_flag(name, getattr(self, name)))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @classmethod
    def paper(cls, size: int) -> "Settings":
        """Return the published protocol at 224 or 336: centre crop, published DBSCAN values, hard vote."""
        if size not in _PUBLISHED:
            raise SettingsError(f"The published protocol exists at 224 and 336 pixels, not at {size}.")
        eps, min_samples = _PUBLISHED[size]
        return cls(
            resolution=size,
            window=size,
            crop=True,
            kernel=PositionKernel.PAPER,
            eps=eps,
            min_samples=min_samples,
            vote=Vote.HARD,
            protect=1.0,
        )

    @property
    def working_resolution(self) -> int | None:
        """Short side of the working image in pixels, before it is rounded to whole patches; None: the image's own."""
        if self.resolution is None and self.detail is Detail.FULL and not self.crop:
            return None
        return self.resolution or _WORKING[self.detail].resolution

    @property
    def working_window(self) -> int:
        """Longest side of a window in pixels of the working image."""
        return self.window or _WORKING[self.detail].window

    @property
    def working_absent_threshold(self) -> float:
        """The figure up to which a class counts as absent; 0 when it is not tested."""
        return _USUAL_LEAST[self.absent] if self.absent_threshold is None else self.absent_threshold

    @property
    def working_ambiguity(self) -> float:
        """Soft IoU of two places from which on one of two classes goes; 1 when none does."""
        return _USUAL_AMBIGUITY if self.ambiguity is None else self.ambiguity

    def encode_key(self) -> str:
        """Return a text that differs between two settings exactly when they need different encodings."""
        return self._encode_key

    @cached_property
    def _encode_key(self) -> str:  # the class table asks for it with every cell that it draws
        return self._key_without(*_SCORE_SIDE)

    def network_key(self) -> str:
        """Return a text that differs between two settings exactly when the network must see an image once for each.

        Encodings of the same network key differ in their regions alone.
        """
        return self._key_without(*_SCORE_SIDE, *_REGION_SIDE)

    def _key_without(self, *names: str) -> str:
        side = {name: value for name, value in asdict(self).items() if name not in (*names, "detail")}
        side |= {"resolution": self.working_resolution, "window": self.working_window}
        return json.dumps(side, sort_keys=True)

    def with_scoring_of(self, other: "Settings") -> "Settings":
        """Return these settings with the score side of others."""
        return replace(self, **{name: getattr(other, name) for name in _SCORE_SIDE})

    def to_json(self) -> str:
        """Return the settings as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        """Read what `to_json` wrote; what is missing keeps its default."""
        try:
            data: Any = parse_json(text)
        except ValueError as error:
            raise SettingsError(f"The settings are not JSON ({error}).") from error
        if not isinstance(data, dict):
            raise SettingsError(f"The settings are {shown(data)}; they must be a JSON object with a value per setting.")
        unknown = sorted(set(data) - {field.name for field in fields(cls)})
        if unknown:
            raise SettingsError(f"There is no setting {shown(unknown[0])}.")
        return cls(**data)


_CHOICES: Final[dict[str, type[StrEnum]]] = {
    "detail": Detail,
    "recovery": Recovery,
    "denoise": Denoise,
    "kernel": PositionKernel,
    "templates": TemplateSet,
    "synonym_merge": SynonymMerge,
    "vote": Vote,
    "absent": Absent,
}


_WHOLE_NUMBERS: Final = {"resolution": (16, 8192), "window": (64, 8192), "min_samples": (1, 1_000_000)}
"""Lowest and highest value; None is allowed for each."""

_NUMBERS: Final = {
    "overlap": (0, 0.9, False),
    "eps": (1e-6, 1000, True),
    "protect": (0, 1, False),
    "threshold": (0, 1, False),
    "scale": (1e-3, 10_000, True),
    "absent_threshold": (0, 1, True),
    "ambiguity": (0, 1, True),
}
"""Lowest and highest value, and whether None is allowed."""

_FLAGS: Final = ("crop", "prior", "texture")


def limits_of(name: str) -> tuple[float, float]:
    """Return the lowest and the highest value of a setting that is a number."""
    lowest, highest, *_ = _WHOLE_NUMBERS[name] if name in _WHOLE_NUMBERS else _NUMBERS[name]
    return lowest, highest


def _choice(name: str, value: object, choices: type[StrEnum]) -> StrEnum:
    known = ", ".join(choice.value for choice in choices)
    if not isinstance(value, str):
        raise FieldError(f"{name} is {shown(value)}; it must be one of {known}.")
    try:
        return choices(value)
    except ValueError as error:
        raise SettingsError(f"There is no {name} {shown(value)}; there are {known}.") from error
