"""One class of a prompt set: its number in the labels, its name and its synonyms; and how phrases are normalised."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from napari_cliptrase.classes.colors import parse_hex, to_hex
from napari_cliptrase.errors import PromptError
from napari_cliptrase.field_values import (
    checked_flag,
    checked_number,
    checked_text,
    checked_texts,
    checked_whole_number,
    naming,
)

BACKGROUND = "background"
HIGHEST_CLASS_ID = 65535  # what a uint16 label can hold


@dataclass(frozen=True)
class PromptClass:
    """One class: its number in the labels, its name, and other words for the same thing.

    Text is normalised: blanks at the ends and doubled blanks are removed, and synonyms that repeat the name or each
    other; Unicode is composed.

    Attributes
    ----------
    id
        Label value, from 1.
    name
        Shown to people and used as a prompt.
    synonyms
        Used as prompts as well; they count as the same class.
    threshold
        Least probability (0 to 1) for a pixel of this class; None: as the settings say.
    color
        ``#rrggbb``, or None for the default of the id.
    text
        Whether name and synonyms are prompts. A class without text stands on its examples alone.
    """

    id: int
    name: str
    synonyms: tuple[str, ...] = ()
    threshold: float | None = None
    color: str | None = None
    text: bool = True

    def __post_init__(self) -> None:
        with naming("", PromptError):
            name = tidy_phrase(checked_text("The name of a class", self.name))
        with naming(f"Class {name!r}: ", PromptError):
            class_id = checked_whole_number("id", self.id, 1, HIGHEST_CLASS_ID)
            synonyms = checked_texts("synonyms", self.synonyms)
            threshold = None if self.threshold is None else checked_number("threshold", self.threshold, 0, 1)
            color = None if self.color is None else _tidy_color(checked_text("color", self.color), name)
            text = checked_flag("text", self.text)
        if name.casefold() == BACKGROUND:
            raise PromptError(f"{name!r} cannot be the name of a class: it always is 0 in the labels.")
        object.__setattr__(self, "id", class_id)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "synonyms", distinct_phrases((name, *synonyms))[1:])
        object.__setattr__(self, "threshold", threshold)
        object.__setattr__(self, "color", color)
        object.__setattr__(self, "text", text)

    @property
    def phrases(self) -> tuple[str, ...]:
        """The name and its synonyms."""
        return (self.name, *self.synonyms)

    @property
    def prompts(self) -> tuple[str, ...]:
        """The phrases that a model is asked for; none for a class without text."""
        return self.phrases if self.text else ()


def tidy_phrase(text: str) -> str:
    """Return a phrase without needless blanks, in composed Unicode; PromptError when nothing or no text is left."""
    phrase = unicodedata.normalize("NFC", " ".join(text.split()))
    if not phrase:
        raise PromptError("A name is empty; write the thing to look for.")
    bad = next((char for char in phrase if unicodedata.category(char) in ("Cc", "Cs")), None)
    if bad is not None:
        raise PromptError(f"The name {phrase!r} holds the unprintable character U+{ord(bad):04X}; leave it out.")
    return phrase


def distinct_phrases(phrases: Iterable[str]) -> tuple[str, ...]:
    """Return tidied phrases in order, without those that only differ in case from an earlier one."""
    found: dict[str, str] = {}
    for phrase in map(tidy_phrase, phrases):
        found.setdefault(phrase.casefold(), phrase)
    return tuple(found.values())


def _tidy_color(text: str, name: str) -> str:
    try:
        return to_hex(parse_hex(text))
    except ValueError as error:
        raise PromptError(f"The colour of {name!r} cannot be read: {error}.") from error
