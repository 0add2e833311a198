"""A benchmark: its classes and words, where it may lie, and what the published protocol makes of its masks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

from napari_cliptrase.classes.prompt_class import PromptClass
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.evaluate.datasets.layouts import DataLayout
from napari_cliptrase.evaluate.datasets.truth_codes import BEYOND, OTHER_CLASS, VOID, Codes
from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol, Vocabulary
from napari_cliptrase.evaluate.labelled_images import UNCOUNTED, Truth


@dataclass(frozen=True)
class Benchmark:
    """A data set and a list of classes.

    Attributes
    ----------
    key, title
        Its name in commands, and for people.
    list_name
        File of the names that the published code asks for, a line a class.
    layouts
        Where it may lie, the first that is found counts.
    prepare
        How to get it, in a sentence.
    words
        Classes with synonyms for the full protocol, in the same order.
    classes_scored
        Only the first ones are classes; the masks know more, which are background (COCO80).
    background
        Phrases for what belongs to no class in the full protocol; None when such pixels are not scored.
    published_background
        The same in the published code.
    many
        Masks have more than 255 classes, and 65535 is void.
    short_side
        In pixels, in the full protocol.
    prior
        The published code multiplies by the scores of the image as a whole.
    """

    key: str
    title: str
    list_name: str
    layouts: tuple[DataLayout, ...]
    prepare: str
    words: Callable[[], PromptSet] = field(repr=False)
    classes_scored: int | None = None
    background: tuple[str, ...] | None = None
    published_background: tuple[str, ...] = ()
    many: bool = False
    short_side: int = 336
    prior: bool = False

    @property
    def published_names(self) -> tuple[str, ...]:
        """Names that the published code asks for, without background."""
        return names_in(self.list_name)[: self.classes_scored]

    @property
    def classes_in_masks(self) -> int:
        """How many classes the masks tell apart."""
        return len(names_in(self.list_name))

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of what is scored, the background last."""
        return (*self.published_names, *(("background",) if self.background is not None else ()))

    def vocabulary(self, protocol: EvaluationProtocol) -> Vocabulary:
        """Return the words that are asked for."""
        if protocol is EvaluationProtocol.PAPER:
            entries = tuple(PromptClass(i, name) for i, name in enumerate(self.published_names, start=1))
            background = self.published_background
        else:
            entries = self.words().classes[: self.classes_scored]
            background = self.background or ()
        prompts = PromptSet(entries, background)
        return Vocabulary.of(prompts, len(self.classes), background=self.background is not None)

    def truth(self, codes: Codes, protocol: EvaluationProtocol) -> Truth:
        """(H, W) int32 what is scored, of indices of classes (H, W) as `TruthCode.decode` returns them."""
        count, paper = len(self.published_names), protocol is EvaluationProtocol.PAPER
        truth = np.where(codes >= 0, codes, UNCOUNTED)
        if count < self.classes_in_masks:
            # the published code compares these masks as they are: the first class beyond the list has the number of
            # the background, the others are dropped
            truth = np.where(codes > count, UNCOUNTED, truth) if paper else np.minimum(truth, count)
        if self.background is not None:
            truth[codes == OTHER_CLASS] = count
            if paper:
                truth[codes == VOID] = count
        truth[codes == BEYOND] = UNCOUNTED
        return np.asarray(truth, np.int32)

    def empty(self, codes: Codes) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
        """(H, W) bool pixels that the published code takes for empty; a square full of them is left out.

        It looks for the number 255, also where that is the number of a class.
        """
        return codes == 255 if self.many else codes < 0


@cache
def names_in(list_name: str) -> tuple[str, ...]:
    """Read a list of names, a line a name."""
    path = files("napari_cliptrase.evaluate.datasets").joinpath("lists", f"{list_name}.txt")
    return tuple(path.read_text(encoding="utf-8").splitlines())
