"""Changes of classes that concern all masks of a project: what they do to the class list and to a mask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.field_values import checked_text, checked_texts
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation


class EditKind(StrEnum):
    """What happens to a class."""

    RENAME = "rename"
    MERGE = "merge"
    SPLIT_OFF = "split off"
    DELETE = "delete"


@dataclass(frozen=True)
class ClassEdit:
    """A change of one class over all images; make one with `rename`, `merge`, `split_off` or `delete`.

    Attributes
    ----------
    kind, class_id
        What happens, and to which class.
    into
        The class that its pixels get: 0 for a deleted class.
    name
        The new name, of this class or of the one that is split off.
    images
        Where the class is split off; elsewhere it stays.
    """

    kind: EditKind
    class_id: int
    into: int = 0
    name: str = ""
    images: tuple[str, ...] = ()

    @classmethod
    def rename(cls, class_id: int, name: str) -> "ClassEdit":
        """Rename a class; no mask changes."""
        return cls(EditKind.RENAME, class_id, class_id, name)

    @classmethod
    def merge(cls, class_id: int, into: int) -> "ClassEdit":
        """Give the pixels and the phrases of a class to another one."""
        if class_id == into:
            raise ProjectError(f"Class {class_id} cannot be merged into itself; choose another class.")
        return cls(EditKind.MERGE, class_id, into)

    @classmethod
    def split_off(cls, prompts: PromptSet, class_id: int, name: str, images: Iterable[str]) -> "ClassEdit":
        """Make a new class of what a class has in some images."""
        return cls(EditKind.SPLIT_OFF, class_id, max(prompts.ids, default=0) + 1, name, tuple(images))

    @classmethod
    def delete(cls, class_id: int) -> "ClassEdit":
        """Delete a class; its pixels become unlabelled, and a model may fill them again."""
        return cls(EditKind.DELETE, class_id, 0)

    def apply_to_prompts(self, prompts: PromptSet) -> PromptSet:
        """Return the class list after the change; PromptError when it cannot be."""
        entry = prompts.get(self.class_id)
        if self.kind is EditKind.RENAME:
            return prompts.renamed(self.class_id, self.name)
        if self.kind is EditKind.SPLIT_OFF:
            return prompts.added(self.name, class_id=self.into)
        if self.kind is EditKind.MERGE:
            target = prompts.get(self.into)
            prompts = prompts.replaced(self.into, synonyms=(*target.synonyms, *entry.phrases))
        return prompts.removed(self.class_id)

    def pixels(self, record: ImageRecord) -> int:
        """Return how many pixels of an image change; only the record is needed for that."""
        if self.kind is EditKind.RENAME or (self.kind is EditKind.SPLIT_OFF and record.name not in self.images):
            return 0
        return record.pixels.get(self.class_id, 0)

    def apply(self, plane: Annotation) -> Annotation:
        """Return a plane after the change."""
        hit = plane.labels == self.class_id
        labels = plane.labels.astype(np.promote_types(plane.labels.dtype, np.min_scalar_type(self.into)), copy=True)
        labels[hit] = self.into
        sources = np.where(hit, np.uint8(Provenance.NONE), plane.sources) if self.into == 0 else plane.sources
        return Annotation(_narrow(labels), sources)

    def revert(self, before: Annotation, now: Annotation) -> Annotation:
        """Return a plane with the change undone where nothing was drawn since."""
        changed = self.apply(before)
        untouched = (now.labels == changed.labels) & (now.sources == changed.sources)
        hit = (before.labels == self.class_id) & untouched
        kind = np.promote_types(before.labels.dtype, now.labels.dtype)
        labels = np.where(hit, before.labels.astype(kind), now.labels.astype(kind))
        return Annotation(_narrow(labels), np.where(hit, before.sources, now.sources))

    def to_data(self) -> dict[str, Any]:
        """Return the change as JSON data."""
        return {
            "kind": str(self.kind),
            "class": self.class_id,
            "into": self.into,
            "name": self.name,
            "images": list(self.images),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "ClassEdit":
        """Read what `to_data` made."""
        return cls(
            EditKind(data["kind"]),
            int(data["class"]),
            int(data["into"]),
            checked_text("name", data["name"]),
            checked_texts("images", data["images"]),
        )


@dataclass(frozen=True)
class ClassEditPreview:
    """What a change would do.

    Attributes
    ----------
    edit, before, after
        The change, and the class list before and after it.
    pixels
        How many pixels change in each image in which any does.
    """

    edit: ClassEdit
    before: PromptSet
    after: PromptSet
    pixels: Mapping[str, int]

    def __str__(self) -> str:
        old = self.before.get(self.edit.class_id).name
        count = f"{sum(self.pixels.values()):,} pixels in {len(self.pixels):,} images"
        match self.edit.kind:
            case EditKind.RENAME:
                return f"{old!r} becomes {self.edit.name!r}; no mask changes."
            case EditKind.MERGE:
                return f"{old!r} becomes part of {self.before.get(self.edit.into).name!r}: {count}."
            case EditKind.SPLIT_OFF:
                return f"{old!r} becomes {self.edit.name!r} in {len(self.edit.images):,} images: {count}."
            case _:
                return f"{old!r} is deleted and its pixels become unlabelled: {count}."


def _narrow(labels: np.ndarray) -> np.ndarray:
    return labels.astype(np.uint8) if labels.dtype != np.uint8 and int(labels.max()) < 256 else labels
