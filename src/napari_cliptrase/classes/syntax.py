"""The text form of a prompt set.

    # a comment
    cat
    dog: puppy, hound [threshold=0.35, color=#ff0000]
    "salt, pepper": "condiments; dry"
    this thing [text=off]
    background: wall, floor

A line (or a part between ``;``) without a colon but with commas is a list of classes. Text in double quotes is taken
as it is, with a backslash before a quote or a backslash in it. A ``#`` at the start of a word starts a comment.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypedDict, TypeVar

from napari_cliptrase.classes.prompt_class import BACKGROUND, PromptClass, tidy_phrase
from napari_cliptrase.errors import PromptError

_TOKEN = re.compile(
    r"""
    (?P<quoted>"(?:[^"\\]|\\.)*")
  | (?P<comment>(?:(?<=\s)|^)\#.*)
  | (?P<options>\[[^\]]*\])
  | (?P<mark>[,:;])
  | (?P<text>(?:[^",:;\[\]\s])[^",:;\[\]\s]*)
  | (?P<blank>\s+)
  | (?P<stray>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NEEDS_QUOTES = re.compile(r'[",:;\[\]]|(?:^|\s)#')


class _Options(TypedDict, total=False):
    threshold: float
    color: str
    id: int
    text: bool


_Class = tuple[str, tuple[str, ...], _Options]  # name, synonyms, options
_Key = TypeVar("_Key", str, int)


@dataclass
class _Phrase:
    """Words up to the next comma, and the options that stand beside them."""

    words: list[str] = field(default_factory=list)
    options: _Options = field(default_factory=lambda: _Options())

    @property
    def blank(self) -> bool:
        return not self.words and not self.options


@dataclass
class _Statement:
    """The content of one line or between two semicolons: phrases before and after a colon."""

    before: list[_Phrase] = field(default_factory=lambda: [_Phrase()])
    behind: list[_Phrase] | None = None

    @property
    def current(self) -> _Phrase:
        return (self.before if self.behind is None else self.behind)[-1]

    @property
    def blank(self) -> bool:
        return self.behind is None and len(self.before) == 1 and self.before[0].blank


def parse_prompts(text: str) -> tuple[tuple[PromptClass, ...], tuple[str, ...]]:
    """Read classes and background phrases from the text form; ids not written count up past those that are."""
    found: list[_Class] = []
    background: list[str] = []
    lines_of_names: dict[str, int] = {}
    lines_of_ids: dict[int, int] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        try:
            for entry in _classes(line, background):
                name, _, options = entry
                _claim(lines_of_names, name.casefold(), number, f"the class {name!r} is")
                if "id" in options:
                    _claim(lines_of_ids, options["id"], number, f"the id of {name!r}, {options['id']}, is")
                found.append(entry)
                _prompt_class(entry, options.get("id", 1))
        except PromptError as error:
            raise PromptError(f"Line {number}: {error}") from error
    free = (i for i in count(1) if i not in lines_of_ids)
    classes = tuple(_prompt_class(entry, entry[2].get("id") or next(free)) for entry in found)
    return classes, tuple(background)


def _claim(lines: dict[_Key, int], key: _Key, number: int, problem: str) -> None:
    if key in lines:
        raise PromptError(f"{problem} on line {lines[key]} already; give each class its own (case does not matter).")
    lines[key] = number


def _prompt_class(entry: _Class, class_id: int) -> PromptClass:
    name, synonyms, options = entry
    return PromptClass(
        class_id, name, synonyms, options.get("threshold"), options.get("color"), options.get("text", True)
    )


def print_prompts(classes: Sequence[PromptClass], background: Sequence[str]) -> str:
    """Write the text form; ids only where they are not 1, 2, 3, … in order."""
    with_ids = [entry.id for entry in classes] != list(range(1, len(classes) + 1))
    lines = []
    for entry in classes:
        line = _quoted(entry.name)
        if entry.synonyms:
            line += ": " + ", ".join(map(_quoted, entry.synonyms))
        options = [f"id={entry.id}"] if with_ids else []
        if entry.threshold is not None:
            options.append(f"threshold={entry.threshold!r}")
        if entry.color is not None:
            options.append(f"color={entry.color}")
        if not entry.text:
            options.append("text=off")
        lines.append(line + (f" [{', '.join(options)}]" if options else ""))
    if background:
        lines.append(f"{BACKGROUND}: " + ", ".join(map(_quoted, background)))
    return "".join(line + "\n" for line in lines)


def _quoted(phrase: str) -> str:
    return json.dumps(phrase, ensure_ascii=False) if _NEEDS_QUOTES.search(phrase) else phrase


def _statements(line: str) -> Iterator[_Statement]:
    """Yield the statements of one line, blank ones left out."""
    statement = _Statement()
    for token in _TOKEN.finditer(line):
        kind, text = token.lastgroup, token.group()
        if kind == "comment":
            break
        if kind == "quoted":
            statement.current.words.append(re.sub(r"\\(.)", r"\1", text[1:-1]))
        elif kind == "text":
            statement.current.words.append(text)
        elif kind == "options":
            statement.current.options.update(_read_options(text[1:-1]))
        elif kind == "stray":
            raise PromptError(_STRAYS[text])
        elif text == ",":
            (statement.before if statement.behind is None else statement.behind).append(_Phrase())
        elif text == ":":
            if statement.behind is not None:
                raise PromptError('there are two colons; put a name that holds a colon into "quotes".')
            statement.behind = [_Phrase()]
        elif text == ";":
            if not statement.blank:
                yield statement
            statement = _Statement()
    if not statement.blank:
        yield statement


_STRAYS = {
    '"': "a quote is opened and not closed.",
    "[": "a bracket is opened and not closed.",
    "]": 'there is a "]" without "["; put a name that holds brackets into "quotes".',
}


def _classes(line: str, background: list[str]) -> Iterator[_Class]:
    """Yield the classes of a line; background phrases go to ``background``."""
    for statement in _statements(line):
        before = _without_trailing_comma(statement.before)
        if statement.behind is not None and len(before) > 1:
            raise PromptError("there is a comma before the colon; write one class before it, its synonyms behind it.")
        for phrase in before:
            name, options = _name(phrase), phrase.options
            synonyms = _synonyms(statement.behind or [], options)
            if name.casefold() != BACKGROUND:
                yield name, synonyms, options
            elif options:
                raise PromptError("the background takes no options.")
            else:
                background.extend(synonyms if statement.behind is not None else (name,))


def _synonyms(behind: list[_Phrase], options: _Options) -> tuple[str, ...]:
    """Return the phrases after the colon; options found there are added to ``options``."""
    for phrase in behind:
        options.update(phrase.options)
    if len(behind) == 1 and not behind[0].words:
        return ()  # nothing but options, or nothing at all
    return tuple(_name(phrase) for phrase in _without_trailing_comma(behind))


def _without_trailing_comma(phrases: list[_Phrase]) -> list[_Phrase]:
    return phrases[:-1] if len(phrases) > 1 and phrases[-1].blank else phrases


def _name(phrase: _Phrase) -> str:
    return tidy_phrase(" ".join(phrase.words))


def _read_options(text: str) -> _Options:
    options = _Options()
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = (piece.strip() for piece in part.partition("="))
        try:
            if key == "threshold":
                options["threshold"] = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
            elif key in ("color", "colour"):
                options["color"] = value
            elif key == "id":
                options["id"] = int(value)
            elif key == "text":
                options["text"] = _read_switch(key, value)
            else:
                raise PromptError(
                    f"unknown option {key!r}; there are threshold, color, text and id "
                    '(put a name that holds brackets into "quotes").'
                )
        except ValueError as error:
            raise PromptError(f"{key}={value} cannot be read; {key} is a number.") from error
    return options


def _read_switch(key: str, value: str) -> bool:
    if value.casefold() not in ("on", "off"):
        raise PromptError(f"{key}={value} cannot be read; write {key}=on or {key}=off.")
    return value.casefold() == "on"
