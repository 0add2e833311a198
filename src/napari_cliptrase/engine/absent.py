"""Which classes of a prompt set win no pixel, and by which figure: they are not there, or another fits their place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from napari_cliptrase.array_types import Floats
from napari_cliptrase.cliptrase.ambiguity import PatchBox, purified
from napari_cliptrase.cliptrase.options import Absent
from napari_cliptrase.cliptrase.purify import presence, shared_places, spread
from napari_cliptrase.cliptrase.scoring import PhraseScores, grid_probabilities
from napari_cliptrase.engine.encoding import Encoding
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError

SAME_PLACE: Final = 0.9
"""Soft IoU of the places of two classes from which on a note names them when both keep their pixels.

On painted scenes two names of one thing reach 0.99, a cloud over snow 0.82.
"""

Fitting = Callable[[PatchBox, Sequence[int]], int]
"""Which of several classes fits a box of patches of the image best, as an index into those that it gets."""


@dataclass(frozen=True)
class Absence:
    """Why a class wins no pixel.

    Attributes
    ----------
    rule
        The test that it did not pass.
    figure, least
        Its figure, and where the limit is: up to it a class is not in the image; from it on two classes claim the same
        place.
    instead
        Name of the class that fits its place better; None when it is not in the image.
    """

    rule: Absent
    figure: float
    least: float
    instead: str | None = None

    @property
    def text(self) -> str:
        """A text such as ``not in this image, 0.03 of 0.10``."""
        figures = f"{self.figure:.2f} of {self.least:.2f}"
        if self.instead is None:
            return f"not in this image, {figures}"
        return f"'{self.instead}' fits the same place better, {figures}"


@dataclass(frozen=True)
class Rivals:
    """Two classes, by their indices, that claim the same place: two names of one thing, most often."""

    first: int
    second: int
    shared: float


@dataclass(frozen=True)
class Attendance:
    """Which classes win no pixel and why, by class index; which of the others claim the same place."""

    absent: Mapping[int, Absence] = field(default_factory=dict)
    rivals: tuple[Rivals, ...] = ()


@dataclass(frozen=True, eq=False)
class _WindowPlaces:
    """Where the classes are in a window.

    Attributes
    ----------
    spreaded
        (classes, h, w) as `purify.spread` returns them.
    presence
        (classes,) as `purify.presence` returns it.
    start
        Row and column of the window's first patch in the image.
    """

    spreaded: Floats
    presence: Floats
    start: tuple[int, int]

    def in_image(self, box: PatchBox) -> PatchBox:
        """Return a box of the window as one of the image."""
        rows, columns = (
            slice(side.start + start, side.stop + start) for side, start in zip(box, self.start, strict=True)
        )
        return rows, columns


def take_attendance(
    encoding: Encoding,
    scores: PhraseScores,
    names: Sequence[str],
    settings: Settings,
    silent: frozenset[int] = frozenset(),
    fitting: Fitting | None = None,
) -> Attendance:
    """Find the classes that win no pixel among those of ``names``; background phrases are never tested.

    Nor are ``silent`` classes, of which ``scores`` know nothing. Without ``fitting`` nothing looks closer at places
    that several classes claim, and all of them stay.
    """
    rule, least = settings.absent, settings.working_absent_threshold
    if rule is Absent.OFF:
        return Attendance()
    probabilities = grid_probabilities(scores)
    if rule is Absent.PEAK:
        return Attendance(_below(probabilities[: len(names)].max((1, 2)), silent, rule, least))
    windows = _look_around(encoding, probabilities, len(names))
    absent = _below(np.max([window.presence for window in windows], axis=0), silent, rule, least)
    if fitting is not None and settings.working_ambiguity < 1:
        absent |= _outdone(windows, names, least, settings.working_ambiguity, fitting)
    left = [index for index in range(len(names)) if index not in silent.union(absent)]
    return Attendance(dict(sorted(absent.items())), _rivals(windows, left, least))


def _below(figures: Floats, silent: frozenset[int], rule: Absent, least: float) -> dict[int, Absence]:
    return {
        index: Absence(rule, float(figure), least)
        for index, figure in enumerate(figures)
        if figure <= least and index not in silent
    }


def _look_around(encoding: Encoding, probabilities: Floats, classes: int) -> list[_WindowPlaces]:
    """Find the places of the first ``classes`` of the probabilities (n, h, w), window by window."""
    found = []
    for place, window in zip(encoding.plan.windows, encoding.windows, strict=True):
        inside = probabilities[:, *place.index]
        if window.transition is None:
            raise CliptraseError("The image was encoded without attention, which absent=purify needs; encode it again.")
        spreaded = spread(inside, window.transition)
        start = (place.rows.start, place.columns.start)
        found.append(_WindowPlaces(spreaded[:classes], presence(inside, spreaded)[:classes], start))
    return found


def _outdone(
    windows: Sequence[_WindowPlaces], names: Sequence[str], least: float, ambiguity: float, fitting: Fitting
) -> dict[int, Absence]:
    """Return the classes that another one outdoes in every window where they are."""
    found: dict[int, Absence] = {}
    spared: set[int] = set()
    for window in windows:
        there = np.flatnonzero(window.presence > least).tolist()
        spreaded = window.spreaded[there]
        gone = purified(spreaded, shared_places(spreaded), ambiguity, _fitting_in(window, there, fitting))
        spared.update(index for position, index in enumerate(there) if position not in gone)
        for position, loss in gone.items():
            index, instead = there[position], names[there[loss.by]]
            if index not in found or found[index].figure < loss.shared:
                found[index] = Absence(Absent.PURIFY, loss.shared, ambiguity, instead)
    return {index: absence for index, absence in found.items() if index not in spared}


def _fitting_in(window: _WindowPlaces, classes: Sequence[int], fitting: Fitting) -> Fitting:
    """Return ``fitting`` for boxes of a window and for positions in ``classes``."""
    return lambda box, group: fitting(window.in_image(box), [classes[position] for position in group])


def _rivals(windows: Sequence[_WindowPlaces], left: Sequence[int], least: float) -> tuple[Rivals, ...]:
    """Return pairs of the classes ``left`` that claim the same place in every window that has both."""
    if len(left) < 2:
        return ()
    kept = np.asarray(left, np.intp)
    lowest = np.full((len(kept), len(kept)), np.inf, np.float32)
    for window in windows:
        there = window.presence[kept] > least
        both = there[:, None] & there
        lowest[both] = np.minimum(lowest, shared_places(window.spreaded[kept]))[both]
    pairs = np.argwhere(np.triu((lowest >= SAME_PLACE) & np.isfinite(lowest), 1))
    return tuple(Rivals(int(kept[one]), int(kept[other]), float(lowest[one, other])) for one, other in pairs)
