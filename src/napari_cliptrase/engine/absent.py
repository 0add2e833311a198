"""Which classes of a prompt set are not in the image, and by which figure: these win no pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats
from napari_cliptrase.cliptrase.options import Absent
from napari_cliptrase.cliptrase.purify import presence
from napari_cliptrase.cliptrase.scoring import PhraseScores, grid_probabilities
from napari_cliptrase.engine.encoding import Encoding


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


def _presence(encoding: Encoding, probabilities: Floats) -> NDArray[np.float32]:
    """(classes,) `purify.presence` of each class in the window where it is highest."""
    found = [
        presence(probabilities[:, *place.index], window.transition)
        for place, window in zip(encoding.plan.windows, encoding.windows, strict=True)
    ]
    return np.asarray(np.max(found, axis=0))
