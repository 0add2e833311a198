"""Names that are not in the painted world, to ask for beside those that are."""

from enum import StrEnum
from typing import Final

import numpy as np

from napari_cliptrase.classes.class_lists import listed
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.words import NAMES, WORDS
from napari_cliptrase.evaluate.evaluation_rows import Vocabulary

STRANGERS: Final = 180
_LISTS: Final = ("voc", "cityscapes", "ade20k", "coco_stuff")


class WordList(StrEnum):
    """Which names are asked for."""

    OWN = "20"
    """The names of the painted world."""
    LONG = "200"
    """The same among 180 names of other lists, for things that are not there."""
    NEAR = "200-near"
    """The same among 180 names of other lists, some of which are other words for what is there (water, tower, bush)."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The words; what is found of any other name counts as nothing."""
        others: list[str] = {WordList.OWN: [], WordList.LONG: strangers(), WordList.NEAR: strangers(near=True)}[self]
        return Vocabulary.of(PromptSet.from_names(*NAMES, *others), len(NAMES))


def strangers(count: int = STRANGERS, *, near: bool = False) -> list[str]:
    """Names of the other lists, the same ones every time.

    Names of the painted world are never among them. Other words for its things, and plurals of its names, are only with
    ``near``: a method that finds *water* where *sea* is true has made no mistake.
    """
    known = set(NAMES) if near else {word for entry in WORDS for word in (*entry.names, *entry.plurals)}
    names = [
        entry.name
        for entry in {entry.name: entry for name in _LISTS for entry in listed(name)}.values()
        if known.isdisjoint(phrase.casefold() for phrase in entry.phrases)
    ]
    chosen = np.random.default_rng(0).permutation(len(names))[:count]
    return [names[index] for index in sorted(chosen)]
