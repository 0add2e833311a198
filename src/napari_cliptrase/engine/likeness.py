"""Scores together with what an encoding knows of its patches, for refinements that use both."""

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cliptrase.classes.patch_likeness import PatchLikeness
from napari_cliptrase.classes.scores import ClassScores

if TYPE_CHECKING:  # imports torch, which a refinement without a model does not need
    from napari_cliptrase.engine.encoding import Encoding


def with_likeness(scores: ClassScores, encoding: "Encoding") -> ClassScores:
    """Return scores of patches that also say which of these resemble each other.

    Scores of spots become the means of their patches; others are not copied.
    """
    windows = zip(encoding.plan.windows, encoding.windows, strict=True)
    rows, columns = encoding.grid
    maps = scores.maps
    if maps.shape[1:] != encoding.grid:
        maps = maps.reshape(len(maps), rows, maps.shape[1] // rows, columns, -1).mean((2, 4))
    return replace(
        scores,
        maps=maps,
        likeness=tuple(
            PatchLikeness(*place.index, correlation=window.correlation[1:, 1:]) for place, window in windows
        ),
    )
