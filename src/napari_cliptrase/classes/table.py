"""The class table: what the numbers in a mask mean.

Travels with masks in every format (``classes.json``), with napari layers, and with segmentation results.
"""

import json
import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from napari_cliptrase.classes.colors import RGB, class_color, parse_hex, to_hex
from napari_cliptrase.classes.names import clean_name
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.field_values import shown
from napari_cliptrase.json_file import parse_json

TABLE_SCHEMA = 1
HIGHEST_MASK_ID = 2**63 - 1
_FARTHEST = 1e9


@dataclass(frozen=True)
class MaskClass:
    """One class: its id in the mask (from 1), its name and colour, and what the annotator typed for it.

    Values of wrong types or out of range are refused. Names and prompts are changed so that every file can hold them:
    blanks for control characters, � for broken ones; a class without a name is called ``class N``.
    """

    id: int
    name: str
    color: RGB
    prompts: tuple[str, ...] = ()
    threshold: float | None = None
    text: bool = True

    def __post_init__(self) -> None:
        class_id = _whole(self.id, "The id of a class")
        if not 1 <= class_id <= HIGHEST_MASK_ID:
            raise MaskFormatError(f"Class {self.name!r} has id {class_id}; ids start at 1, 0 is background.")
        name = _text(self.name, f"The name of class {class_id}")
        prompts = tuple(_text(prompt, f"A prompt of class {class_id}") for prompt in self.prompts)
        self._set("id", class_id)
        self._set("name", name if name.strip() else f"class {class_id}")
        self._set("color", self._checked_color())
        self._set("prompts", prompts)
        self._set("threshold", self._checked_threshold())
        given: object = self.text
        if not isinstance(given, bool):
            raise MaskFormatError(f"'text' of class {self.id} is {shown(given)} instead of true or false.")

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _checked_color(self) -> RGB:
        what = f"The colour of class {self.id}"
        given: object = self.color
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise MaskFormatError(f"{what} is {shown(given)}; write it as three numbers.")
        color = tuple(_whole(channel, what) for channel in given)
        if len(color) != 3 or not all(0 <= channel <= 255 for channel in color):
            raise MaskFormatError(f"{what} is {color!s:.60}; it needs three numbers from 0 to 255.")
        return color[0], color[1], color[2]

    def _checked_threshold(self) -> float | None:
        if self.threshold is None:
            return None
        if isinstance(self.threshold, bool) or not isinstance(self.threshold, int | float):
            raise MaskFormatError(f"The threshold of class {self.id} is {shown(self.threshold)} instead of a number.")
        if not abs(self.threshold) <= _FARTHEST:  # also true for NaN
            raise MaskFormatError(f"The threshold of class {self.id} is {shown(self.threshold)}; use a finite number.")
        return float(self.threshold)

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
        if self.void is not None:
            object.__setattr__(self, "void", _whole(self.void, "The number of void pixels"))
            if not 1 <= self.void <= HIGHEST_MASK_ID:
                raise MaskFormatError(f"The number of void pixels is {self.void}; it starts at 1, 0 is background.")
        background = tuple(_text(prompt, "A prompt of the background") for prompt in self.background)
        object.__setattr__(self, "background", background)
        seen: set[int] = set()
        for entry in self.classes:
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

    @cached_property
    def _of_id(self) -> Mapping[int, MaskClass]:
        return {entry.id: entry for entry in self.classes}

    @cached_property
    def _of_name(self) -> Mapping[str, MaskClass]:
        return {entry.name: entry for entry in reversed(self.classes)}

    def get(self, class_id: int) -> MaskClass | None:
        """Return the class of an id, or None."""
        return self._of_id.get(class_id)

    def by_name(self, name: str) -> MaskClass | None:
        """Return the first class of a name (exact), or None."""
        return self._of_name.get(name)

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
        data: dict[str, Any] = {
            "schema": TABLE_SCHEMA,
            "void": self.void,
            "background": list(self.background),
            "classes": [],
        }
        for entry in self.classes:
            data["classes"].append(
                {
                    "id": entry.id,
                    "name": entry.name,
                    "color": to_hex(entry.color),
                    "prompts": list(entry.prompts),
                    "threshold": entry.threshold,
                    **({} if entry.text else {"text": False}),
                }
            )
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str = "classes.json") -> "ClassTable":
        """Read a ``classes.json``; ``source`` names it in error messages."""
        try:
            return cls.from_data(parse_json(text))
        except MaskFormatError as error:
            raise MaskFormatError(f"{source}: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MaskFormatError(
                f"{source} is not a class table ({error}); expected JSON with a list 'classes' of id, name and color."
            ) from error

    @classmethod
    def from_data(cls, data: Any) -> "ClassTable":
        """Return the table that the data of a ``classes.json`` describe; ValueError and the like where they do not."""
        if not isinstance(data, dict) or not isinstance(data.get("classes"), list):
            raise ValueError("it has no list 'classes'")
        classes = tuple(_read_class(entry) for entry in data["classes"] if not _is_background(entry))
        return cls(classes, data.get("void"), _listed(data.get("background"), "prompts of the background"))


def _is_background(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get("id") == 0 and entry.get("id") is not False


def _read_class(entry: object) -> MaskClass:
    if not isinstance(entry, dict):
        raise MaskFormatError(f"A class is {shown(entry)}; it must be an object with id and name.")
    name = _text(entry["name"], "The name of a class") if "name" in entry else None
    if "id" not in entry:
        raise MaskFormatError("A class has no id." if name is None else f"Class {name!r:.60} has no id.")
    class_id = _whole(entry["id"], "The id of a class" if name is None else f"The id of class {name!r:.60}")
    if name is None:
        raise MaskFormatError(f"Class {class_id} has no name.")
    color = entry.get("color")
    if color is not None and not isinstance(color, str):
        raise MaskFormatError(f"The colour of class {class_id} is {shown(color)}; write it as #rrggbb.")
    try:
        rgb = parse_hex(color) if color else class_color(max(class_id, 1))
    except ValueError as error:
        raise MaskFormatError(f"Class {class_id}: {error}.") from None
    prompts = _listed(entry.get("prompts"), f"prompts of class {class_id}")
    return MaskClass(class_id, name, rgb, prompts, entry.get("threshold"), entry.get("text", True))


def _listed(value: Any, what: str) -> tuple[Any, ...]:
    if value is not None and not isinstance(value, list):
        raise MaskFormatError(f"The {what} are {shown(value)}; they must be a list of texts.")
    return tuple(value or ())


def _whole(value: object, what: str) -> int:
    """Return a whole number, also one of NumPy; truth values are none."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise MaskFormatError(f"{what} is {shown(value)} instead of a whole number.") from None


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise MaskFormatError(f"{what} is {shown(value)} instead of text.")
    return clean_name(value)
