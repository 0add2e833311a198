"""The class table: what the numbers in a mask mean.

Travels with masks in every format (``classes.json``), with napari layers, and with segmentation results.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from napari_cliptrase.classes.colors import RGB, class_color, parse_hex, to_hex
from napari_cliptrase.errors import MaskFormatError

SCHEMA = 1


@dataclass(frozen=True)
class MaskClass:
    """One class: its id in the mask (from 1), its name and colour, and what the annotator typed for it."""

    id: int
    name: str
    color: RGB
    prompts: tuple[str, ...] = ()
    threshold: float | None = None

    @classmethod
    def named(cls, class_id: int, name: str) -> "MaskClass":
        """Return a class with its default colour."""
        return cls(class_id, name, class_color(class_id))


@dataclass(frozen=True)
class ClassTable:
    """Classes in display order; ids are unique, never 0 and need not be contiguous."""

    classes: tuple[MaskClass, ...] = ()
    void: int | None = None
    background: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        seen: set[int] = set()
        for entry in self.classes:
            if entry.id < 1:
                raise MaskFormatError(f"Class {entry.name!r} has id {entry.id}; ids start at 1, 0 is background.")
            if entry.id in seen:
                raise MaskFormatError(f"Class id {entry.id} is used twice; give each class its own id.")
            if entry.id == self.void:
                raise MaskFormatError(f"Class {entry.name!r} has id {entry.id}, which is the id of void pixels.")
            seen.add(entry.id)

    @classmethod
    def from_names(cls, *names: str) -> "ClassTable":
        """Return classes 1, 2, … with default colours."""
        return cls(tuple(MaskClass.named(i, name) for i, name in enumerate(names, start=1)))

    def __iter__(self) -> Iterator[MaskClass]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids in display order."""
        return tuple(entry.id for entry in self.classes)

    def get(self, class_id: int) -> MaskClass | None:
        """Return the class of an id, or None."""
        return next((entry for entry in self.classes if entry.id == class_id), None)

    def by_name(self, name: str) -> MaskClass | None:
        """Return the class of a name (exact), or None."""
        return next((entry for entry in self.classes if entry.name == name), None)

    def with_missing(self, present: Iterable[int]) -> "ClassTable":
        """Return the table plus ``class N`` for each id of ``present`` that it lacks (0 and void aside)."""
        extra = sorted({int(i) for i in present} - {0, self.void} - set(self.ids))
        return replace(self, classes=self.classes + tuple(MaskClass.named(i, f"class {i}") for i in extra))

    def joined(self, other: "ClassTable", source: str) -> "ClassTable":
        """Return the table plus the classes that only ``other`` has; refuse two meanings of one id.

        ``source`` says in the message where ``other`` comes from.
        """
        for entry in other:
            mine = self.get(entry.id)
            if mine is not None and mine.name != entry.name:
                raise MaskFormatError(
                    f"Class {entry.id} is {mine.name!r} in one mask and {entry.name!r} in {source}; "
                    "give all masks of an export the same class table."
                )
        if self.void != other.void and None not in (self.void, other.void):
            raise MaskFormatError(f"Void is {self.void} in one mask and {other.void} in {source}; use one number.")
        new = tuple(entry for entry in other if self.get(entry.id) is None)
        void = other.void if self.void is None else self.void
        background = tuple(dict.fromkeys(self.background + other.background))
        return replace(self, classes=self.classes + new, void=void, background=background)

    def to_json(self) -> str:
        """Return the text of a ``classes.json``."""
        data: dict[str, Any] = {"schema": SCHEMA, "void": self.void, "background": list(self.background), "classes": []}
        for entry in self.classes:
            data["classes"].append(
                {
                    "id": entry.id,
                    "name": entry.name,
                    "color": to_hex(entry.color),
                    "prompts": list(entry.prompts),
                    "threshold": entry.threshold,
                }
            )
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str = "classes.json") -> "ClassTable":
        """Read a ``classes.json``; ``source`` names it in error messages."""
        try:
            data = json.loads(text)
            classes = tuple(_read_class(entry) for entry in data["classes"] if entry.get("id") != 0)
            void = data.get("void")
            return cls(classes, None if void is None else int(void), tuple(map(str, data.get("background") or ())))
        except MaskFormatError as error:
            raise MaskFormatError(f"{source}: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MaskFormatError(
                f"{source} is not a class table ({error}); expected JSON with a list 'classes' of id, name and color."
            ) from error


def _read_class(entry: dict[str, Any]) -> MaskClass:
    class_id = int(entry["id"])
    color = parse_hex(entry["color"]) if entry.get("color") else class_color(class_id)
    threshold = entry.get("threshold")
    return MaskClass(
        class_id,
        str(entry["name"]),
        color,
        tuple(map(str, entry.get("prompts") or ())),
        None if threshold is None else float(threshold),
    )
