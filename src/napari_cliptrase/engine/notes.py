"""What a user should know about a prompt set before they wonder about the result."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.absent import Absence, Rivals

_ALIKE = 0.98
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHOWN = 5
_KNOWN_SHOWN = 12
_JOINING = frozenset(
    ("a", "an", "and", "are", "at", "in", "is", "no", "of", "on", "some", "that", "the", "there", "this", "to", "with")
)


def unknown_words(
    prompts: PromptSet, vocabulary: Collection[str] | None, model: str, filling: Iterable[str] = ()
) -> tuple[str, ...]:
    """Name the phrases that a model with a small vocabulary does not know; nothing when ``vocabulary`` is None.

    ``filling`` are sentences whose words name nothing, such as the templates around a phrase.
    """
    if vocabulary is None:
        return ()
    known = {word.casefold() for word in vocabulary}
    phrases = [phrase for entry in prompts for phrase in entry.prompts] + list(prompts.background)
    strange = [phrase for phrase in phrases if not known.issuperset(_WORD.findall(phrase.casefold()))]
    if not strange:
        return ()
    quoted = _shortened([f"'{phrase}'" for phrase in strange])
    nouns = _shortened(_nouns(known, filling), _KNOWN_SHOWN)
    return (f"The model {model} does not know {quoted}, so what it finds there means nothing; it knows {nouns}.",)


def _nouns(known: set[str], filling: Iterable[str]) -> list[str]:
    """Words worth showing, sorted: neither filling, nor plurals of others."""
    dull = _JOINING.union(*(_WORD.findall(sentence.casefold()) for sentence in filling))
    return sorted(word for word in known - dull if word.removesuffix("s") not in known - {word})


def lookalikes(prompts: PromptSet, text: NDArray[np.float32], owner: NDArray[np.intp]) -> tuple[str, ...]:
    """Name classes whose phrases mean nearly the same to the model; ``text`` (phrases, d) unit rows."""
    names = [*(entry.name for entry in prompts), "background"]
    alike = np.triu(text @ text.T > _ALIKE, 1) & (owner[:, None] != owner)
    pairs = dict.fromkeys((names[owner[i]], names[owner[j]]) for i, j in zip(*np.nonzero(alike), strict=True))
    if not pairs:
        return ()
    listed = _shortened([f"'{first}' and '{second}'" for first, second in pairs], between="; ")
    return (f"To the model these mean nearly the same, so it may mix them up: {listed}.",)


def absent_note(prompts: PromptSet, absent: Mapping[int, Absence]) -> tuple[str, ...]:
    """Name the classes that win no pixel since they are not in the image; ``absent`` by class index."""
    listed = [_figures(prompts, index, why) for index, why in absent.items() if why.instead is None]
    return (f"Not in this image, so without pixels: {_shortened(listed)}.",) if listed else ()


def outdone_note(prompts: PromptSet, absent: Mapping[int, Absence]) -> tuple[str, ...]:
    """Name the classes that win no pixel since another one fits their place better; ``absent`` by class index."""
    listed = [
        f"{_figures(prompts, index, why)} to '{why.instead}'"
        for index, why in absent.items()
        if why.instead is not None
    ]
    if not listed:
        return ()
    return (f"Claimed a place that another class fits better, so without pixels: {_shortened(listed)}.",)


def _figures(prompts: PromptSet, index: int, why: Absence) -> str:
    return f"{prompts.classes[index].name} ({why.figure:.2f} of {why.least:.2f})"


def silent_note(prompts: PromptSet, silent: Collection[int]) -> tuple[str, ...]:
    """Name the classes that nothing speaks for yet; ``silent`` are class indices."""
    if not silent:
        return ()
    listed = _shortened([f"'{prompts.classes[index].name}'" for index in sorted(silent)])
    return (f"Without text and without examples yet, so without pixels: {listed}. Give an example of each.",)


def rivals_note(prompts: PromptSet, rivals: Sequence[Rivals]) -> tuple[str, ...]:
    """Name the classes that claim the same places, and what to do about it."""
    if not rivals:
        return ()
    names = [(prompts.classes[pair.first].name, prompts.classes[pair.second].name) for pair in rivals]
    listed = _shortened([f"'{first}' and '{second}'" for first, second in names], between="; ")
    first, second = names[0]
    return (
        f"These claim the same places: {listed}. If both are names of one thing, write one class: {first}: {second}.",
    )


def no_background_note(prompts: PromptSet, threshold: float) -> tuple[str, ...]:
    """Return a note when every pixel has to belong to some class."""
    if prompts.background or threshold > 0 or any(entry.threshold for entry in prompts):
        return ()
    return ("Every pixel belongs to some class here; add background phrases or a threshold for the other pixels.",)


def _shortened(items: list[str], most: int = _SHOWN, between: str = ", ") -> str:
    """Join the first items and count the others; a single further item is listed, too."""
    if len(items) <= most + 1:
        return between.join(items)
    return f"{between.join(items[:most])} and {len(items) - most} more"
