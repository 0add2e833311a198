"""The prompts of the annotator: classes with synonyms, and what counts as background.

A `PromptSet` is a value: every edit returns a new one, and a class keeps its id (its number in the labels) when it is
renamed, moved or given synonyms. The text form is described in `napari_cliptrase.classes.syntax`.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, Unpack

from napari_cliptrase.atomic import write_text
from napari_cliptrase.classes.colors import class_color, parse_hex, to_hex
from napari_cliptrase.classes.prompt_class import BACKGROUND, PromptClass, distinct_phrases
from napari_cliptrase.classes.syntax import parse_prompts, print_prompts
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import PromptError
from napari_cliptrase.field_values import (
    checked_text,
    checked_texts,
    naming,
    shown,
)
from napari_cliptrase.json_file import parse_json

PROMPTS_SCHEMA = 1


class PromptClassFields(TypedDict, total=False):
    """What `PromptSet.replaced` can change of a class."""

    name: str
    synonyms: tuple[str, ...]
    threshold: float | None
    color: str | None
    text: bool


@dataclass(frozen=True)
class PromptSet:
    """Classes in display order, and background phrases, which all become 0 in the labels."""

    classes: tuple[PromptClass, ...] = ()
    background: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given: object = self.classes
        classes = tuple(given) if isinstance(given, Iterable) else (given,)
        if not all(isinstance(entry, PromptClass) for entry in classes):
            raise PromptError("A PromptSet is made of PromptClass values; PromptSet.parse makes one from text.")
        with naming("", PromptError):
            background = distinct_phrases(checked_texts("The background", self.background))
        object.__setattr__(self, "classes", classes)
        object.__setattr__(self, "background", background)
        names: dict[str, str] = {}
        ids: dict[int, str] = {}
        for entry in self.classes:
            if entry.name.casefold() in names:
                raise PromptError(f"{entry.name!r} appears twice; give each class one line (case does not matter).")
            if entry.id in ids:
                raise PromptError(f"{ids[entry.id]!r} and {entry.name!r} both have id {entry.id}; give each its own.")
            names[entry.name.casefold()] = ids[entry.id] = entry.name

    # ---- making one

    @classmethod
    def parse(cls, text: str) -> "PromptSet":
        """Read the text form: one class per line, ``name: synonym, synonym [threshold=0.3]``; ids count from 1."""
        with naming("", PromptError):
            return cls(*parse_prompts(checked_text("The text of the classes", text)))

    @classmethod
    def from_names(cls, *names: str) -> "PromptSet":
        """Return classes 1, 2, … without synonyms; the names are taken as they are, not parsed."""
        return cls(tuple(PromptClass(i, name) for i, name in enumerate(names, start=1)))

    @classmethod
    def from_table(cls, table: ClassTable) -> "PromptSet":
        """Return the prompts that a class table remembers."""
        return cls(
            tuple(
                PromptClass(entry.id, entry.name, entry.prompts, entry.threshold, to_hex(entry.color), entry.text)
                for entry in table
            ),
            table.background,
        )

    @classmethod
    def from_json(cls, text: str, source: str = "The prompts") -> "PromptSet":
        """Read what `to_json` wrote, or a ``classes.json``; ``source`` names it in error messages."""
        try:
            data = parse_json(text)
            if not isinstance(data, dict) or not isinstance(data.get("classes"), list):
                raise PromptError("expected JSON with a list 'classes' of id and name.")
            classes = tuple(_read_class(entry) for entry in data["classes"] if not _is_background(entry))
            with naming("", PromptError):
                return cls(classes, checked_texts("background", data.get("background") or ()))
        except PromptError as error:
            raise PromptError(f"{source}: {error}") from error
        except ValueError as error:
            raise PromptError(
                f"{source}: this is not JSON ({error}); expected a list 'classes' of id and name."
            ) from error

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "PromptSet":
        """Read a file: JSON when its name ends in ``.json``, else the text form."""
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeError) as error:
            raise PromptError(f"{path} cannot be read as a prompt file ({error}).") from error
        if Path(path).suffix.lower() == ".json":
            return cls.from_json(text, source=str(path))
        try:
            return cls.parse(text)
        except PromptError as error:
            raise PromptError(f"{path}: {error}") from error

    # ---- writing it

    def to_text(self) -> str:
        """Return the text form, which `parse` reads back to an equal set; ids unless they are 1, 2, 3 and so on."""
        return print_prompts(self.classes, self.background)

    def to_json(self) -> str:
        """Return the JSON form, which `from_json` reads back to an equal set."""
        classes = [
            {
                "id": entry.id,
                "name": entry.name,
                "synonyms": list(entry.synonyms),
                "threshold": entry.threshold,
                "color": entry.color,
                **({} if entry.text else {"text": False}),
            }
            for entry in self.classes
        ]
        data = {"schema": PROMPTS_SCHEMA, "background": list(self.background), "classes": classes}
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file: JSON when its name ends in ``.json``, else the text form."""
        write_text(path, self.to_json() if Path(path).suffix.lower() == ".json" else self.to_text())

    def table(self) -> ClassTable:
        """Return the class table of masks made with this set."""
        return ClassTable(
            tuple(
                MaskClass(
                    entry.id,
                    entry.name,
                    parse_hex(entry.color) if entry.color else class_color(entry.id),
                    entry.phrases,
                    entry.threshold,
                    entry.text,
                )
                for entry in self.classes
            ),
            background=self.background,
        )

    # ---- questions

    def __len__(self) -> int:
        return len(self.classes)

    def __iter__(self) -> Iterator[PromptClass]:
        return iter(self.classes)

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids in display order."""
        return tuple(entry.id for entry in self.classes)

    def get(self, class_id: int) -> PromptClass:
        """Return the class of an id; PromptError when there is none."""
        for entry in self.classes:
            if entry.id == class_id:
                return entry
        raise PromptError(f"There is no class with id {class_id}.")

    def doubts(self) -> tuple[str, ...]:
        """Return which phrases occur twice, where only the first can win."""
        seen: dict[str, str] = {}
        found = []
        places = [(entry.name, entry.prompts) for entry in self.classes] + [(BACKGROUND, self.background)]
        for place, phrases in places:
            for phrase in phrases:
                first = seen.setdefault(phrase.casefold(), place)
                if first != place:
                    found.append(f"{phrase!r} belongs to both {first!r} and {place!r}; {first!r} gets its pixels.")
        return tuple(found)

    # ---- edits: each returns a new set, ids stay

    def added(
        self,
        name: str,
        synonyms: Iterable[str] = (),
        *,
        threshold: float | None = None,
        color: str | None = None,
        text: bool = True,
        class_id: int | None = None,
    ) -> "PromptSet":
        """Return the set with one more class at the end; its id is one above the highest unless given."""
        entry = PromptClass(class_id or max(self.ids, default=0) + 1, name, tuple(synonyms), threshold, color, text)
        return replace(self, classes=(*self.classes, entry))

    def removed(self, class_id: int) -> "PromptSet":
        """Return the set without a class; the others keep their ids."""
        gone = self.get(class_id)
        return replace(self, classes=tuple(entry for entry in self.classes if entry is not gone))

    def renamed(self, class_id: int, name: str) -> "PromptSet":
        """Return the set with a class renamed."""
        return self.replaced(class_id, name=name)

    def replaced(self, class_id: int, **changes: Unpack[PromptClassFields]) -> "PromptSet":
        """Return the set with fields of a class changed: name, synonyms, threshold, color, text."""
        old = self.get(class_id)
        new = replace(old, **changes)
        return replace(self, classes=tuple(new if entry is old else entry for entry in self.classes))

    def moved(self, class_id: int, position: int) -> "PromptSet":
        """Return the set with a class at another place (0 is the first) of the display order."""
        entry = self.get(class_id)
        others = [other for other in self.classes if other is not entry]
        others.insert(position, entry)
        return replace(self, classes=tuple(others))

    def with_background(self, *phrases: str) -> "PromptSet":
        """Return the set with other background phrases."""
        return replace(self, background=phrases)


def _is_background(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get("id") == 0 and entry.get("id") is not False


def _read_class(entry: object) -> PromptClass:
    if not isinstance(entry, dict):
        raise PromptError(f"A class is {shown(entry)}; it must be an object with id and name.")
    if "name" in entry:
        with naming("", PromptError):
            name = checked_text("The name of a class", entry["name"])
        if "id" not in entry:
            raise PromptError(f"Class {name!r:.60} has no id.")
    else:
        raise PromptError(f"Class {shown(entry['id'])} has no name." if "id" in entry else "A class has no name.")
    return PromptClass(
        entry["id"],
        entry["name"],
        entry.get("synonyms") or entry.get("prompts") or (),
        entry.get("threshold"),
        entry.get("color") or None,
        entry.get("text", True),
    )
