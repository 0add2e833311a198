"""Which classes of a prompt set are not in the image, and by which figure; which of the others claim the same place."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats
from napari_cliptrase.cliptrase.options import Absent
from napari_cliptrase.cliptrase.purify import presence, shared_places, spread
from napari_cliptrase.cliptrase.scoring import PhraseScores, grid_probabilities
from napari_cliptrase.engine.encoding import Encoding, WindowEncoding
from napari_cliptrase.errors import CliptraseError

SAME_PLACE: Final = 0.9
"""Soft IoU of the places of two classes from which on they claim the same.

FreeCP looks closer from 0.5 to 0.8 on; here nothing looks closer. On painted scenes two names of one thing reach 0.99,
a cloud over snow 0.82.
"""


@dataclass(frozen=True)
class Absence:
    """Why a class is taken to be absent: its ``figure`` by a ``rule`` stays below the ``least`` that was asked for."""

    rule: Absent
    figure: float
    least: float

    @property
    def text(self) -> str:
        """A text such as ``not in this image, 0.03 of 0.10``."""
        return f"not in this image, {self.figure:.2f} of {self.least:.2f}"


def find_absent(
    encoding: Encoding, scores: PhraseScores, classes: int, rule: Absent, least: float
) -> dict[int, Absence]:
    """Return the absent ones among the first ``classes`` class indices; background phrases are never tested."""
    if rule is Absent.OFF:
        return {}
    probabilities = grid_probabilities(scores)
    figures = probabilities.max((1, 2)) if rule is Absent.PEAK else _presence(encoding, probabilities)
    return {
        index: Absence(rule, float(figure), least) for index, figure in enumerate(figures[:classes]) if figure <= least
    }


@dataclass(frozen=True)
class Rivals:
    """Two classes, by their indices, that claim the same place: two names of one thing, most often."""

    first: int
    second: int
    shared: float


def find_rivals(
    encoding: Encoding, scores: PhraseScores, classes: int, rule: Absent, absent: Collection[int], least: float
) -> tuple[Rivals, ...]:
    """Return pairs of the first ``classes`` class indices that claim the same place in every window that has both."""
    if rule is not Absent.PURIFY:
        return ()
    kept = np.asarray([index for index in range(classes) if index not in absent], np.intp)
    if len(kept) < 2:
        return ()
    probabilities = grid_probabilities(scores)[kept]
    lowest = np.full((len(kept), len(kept)), np.inf, np.float32)
    for place, window in zip(encoding.plan.windows, encoding.windows, strict=True):
        inside = probabilities[:, *place.index]
        step = _transition(window)
        there = presence(inside, step) > least
        both = there[:, None] & there
        shared = shared_places(spread(inside, step))
        lowest[both] = np.minimum(lowest, shared)[both]
    pairs = np.argwhere(np.triu((lowest >= SAME_PLACE) & np.isfinite(lowest), 1))
    return tuple(Rivals(int(kept[one]), int(kept[other]), float(lowest[one, other])) for one, other in pairs)


def _presence(encoding: Encoding, probabilities: Floats) -> NDArray[np.float32]:
    """(classes,) `purify.presence` of each class in the window where it is highest."""
    found = [
        presence(probabilities[:, *place.index], _transition(window))
        for place, window in zip(encoding.plan.windows, encoding.windows, strict=True)
    ]
    return np.asarray(np.max(found, axis=0))


def _transition(window: WindowEncoding) -> NDArray[np.float16]:
    if window.transition is None:
        raise CliptraseError("The image was encoded without attention, which absent=purify needs; encode it again.")
    return window.transition
