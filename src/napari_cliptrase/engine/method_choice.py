"""Named sets of settings: the method in one choice."""

from dataclasses import replace
from enum import StrEnum
from typing import Final

from napari_cliptrase.cliptrase.options import PositionKernel
from napari_cliptrase.engine.settings import Settings


class MethodChoice(StrEnum):
    """A set of settings with a name."""

    RECOMMENDED = "recommended"
    """The defaults: CLIPtrase, but a pixel whose class is sure keeps it against its region's vote."""
    PUBLISHED = "published"
    """CLIPtrase as its authors' code does it, on the whole image: every pixel follows its region's vote."""

    def applied(self, settings: Settings) -> Settings:
        """Return settings with what the choice fixes; detail, threshold and sentences stay."""
        chosen = _SETS[self]
        return replace(settings, **{name: getattr(chosen, name) for name in _FIXED})


_FIXED: Final = (
    "recovery",
    "denoise",
    "kernel",
    "eps",
    "min_samples",
    "vote",
    "protect",
    "synonym_merge",
    "absent",
    "absent_threshold",
    "ambiguity",
)

_SETS: Final = {
    MethodChoice.RECOMMENDED: Settings(),
    MethodChoice.PUBLISHED: Settings(kernel=PositionKernel.PAPER, protect=1.0),
}


def method_choice_of(settings: Settings) -> MethodChoice | None:
    """Return the choice that settings follow; None when single choices were made."""
    return next((choice for choice in MethodChoice if choice.applied(settings) == settings), None)
