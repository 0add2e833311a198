"""Scores together with what an encoding knows of its patches, for refinements that use both."""

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cliptrase.classes.patch_likeness import PatchLikeness
from napari_cliptrase.classes.scores import ClassScores

if TYPE_CHECKING:  # imports torch, which a refinement without a model does not need
    from napari_cliptrase.engine.encoding import Encoding


def with_likeness(scores: ClassScores, encoding: "Encoding") -> ClassScores:
    """Return scores that also say which patches resemble each other; nothing is copied."""
    windows = zip(encoding.plan.windows, encoding.windows, strict=True)
    return replace(
        scores,
        likeness=tuple(
            PatchLikeness(*place.index, correlation=window.correlation[1:, 1:]) for place, window in windows
        ),
    )
