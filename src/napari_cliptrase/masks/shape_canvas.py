"""Painting the shapes of a file into labels: later shapes lie over earlier ones, overlaps are counted."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks.label_image import LabelImage, dtype_for, narrow


class ShapeCanvas:
    """Labels of one image while its shapes are read."""

    def __init__(self, shape: tuple[int, int], table: ClassTable) -> None:
        self.shape = shape
        self._table = table
        self._id_of = {entry.name: entry.id for entry in table}
        self._labels = np.zeros(shape, dtype_for(max((*table.ids, table.void or 0), default=0)))
        self._instances = np.zeros(shape, np.uint32)
        self._contested = np.zeros(shape, bool)
        self._numbers: dict[tuple[str, Any], int] = {}
        self._shapes: list[str] = []
        self._notes: list[str] = []

    def add(self, name: str, inside: NDArray[np.bool_], group: Any = None) -> None:
        """Paint a shape; shapes of one class and group are parts of one object."""
        if name not in self._id_of:
            raise ValueError(f"it uses the label {name!r}, which its list of labels lacks")
        class_id = self._id_of[name]
        self._contested |= inside & (self._labels != 0) & (self._labels != class_id)
        self._labels[inside] = class_id
        key = (name, group if group is not None else ("shape", len(self._shapes)))
        self._instances[inside] = self._numbers.setdefault(key, len(self._numbers) + 1)
        self._shapes.append(name)

    def skip(self, sentence: str) -> None:
        """Note a shape that was left out."""
        if sentence not in self._notes:
            self._notes.append(sentence)

    def image(self, stem: str, **fields: Any) -> LabelImage:
        """Return the mask; with object numbers when a class has several objects."""
        several = len({name for name, _ in self._numbers}) < len(self._numbers)
        return LabelImage(
            self._labels,
            self._table,
            stem=stem,
            instances=narrow(self._instances) if several else None,
            overlapped=int(np.count_nonzero(self._contested)),
            notes=tuple(self._notes),
            **fields,
        )
