"""Which names a folder is asked for by: those that the model knows, made-up ones, or half of each."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import product

from napari_cliptrase.classes.prompts import PromptSet

_STARTS = ("zar", "quil", "brom", "fep", "gluv", "nask", "tirp", "wox")
_ENDS = ("ox", "ine", "uk", "al", "it", "esh", "om", "yd")


class NameChoice(StrEnum):
    """Which names are asked for."""

    KNOWN = "known"
    """The names of the classes."""
    MADE_UP = "made-up"
    """Words that no model knows, as for a laboratory's own terms."""
    MIXED = "mixed"
    """Every second class under its name, the others under made-up words."""

    def prompts(self, classes: Sequence[str]) -> PromptSet:
        """Return the classes, in their order, under these names."""
        words = [start + end for end, start in product(_ENDS, _STARTS)]
        made_up = [
            words[i % len(words)] + (str(i // len(words)) if i >= len(words) else "") for i in range(len(classes))
        ]
        if self is NameChoice.KNOWN:
            return PromptSet.from_names(*classes)
        if self is NameChoice.MADE_UP:
            return PromptSet.from_names(*made_up)
        return PromptSet.from_names(*(pair[i % 2] for i, pair in enumerate(zip(made_up, classes, strict=True))))
