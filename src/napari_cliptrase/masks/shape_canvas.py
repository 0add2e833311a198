"""Painting the shapes of a file into labels: later shapes lie over earlier ones, overlaps are counted."""

from collections.abc import Generator, Iterable, Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.names import clean_name
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.free_memory import refuse_beyond_memory
from napari_cliptrase.masks.label_image import LabelImage, dtype_for, narrow
from napari_cliptrase.masks.pixel_runs import Ints, Order, expanded
from napari_cliptrase.masks.polygon_fill import Rings, fill_all
from napari_cliptrase.progress import Progress

WAITING = 1 << 16
_STEP = 4096
_DENSE = 1 << 22


class ShapeCanvas:
    """Labels of one image while its shapes are read.

    Shapes wait until there are many, and are painted together: a million small ones take seconds. Time and memory
    grow with the runs and the painted pixels, not with shapes times the size of the image.

    Parameters
    ----------
    shape
        (H, W) of the image, as its file declares it; refused when it does not fit into the free memory.
    table
        The classes.
    order
        Direction of the runs that are added.
    """

    def __init__(self, shape: tuple[int, int], table: ClassTable, *, order: Order = Order.ROWS) -> None:
        height, width = shape
        if height < 1 or width < 1:
            raise ValueError(f"its image has {height} × {width} pixels")
        kind = dtype_for(max((*table.ids, table.void or 0), default=0))
        refuse_beyond_memory(height * width * (2 * kind.itemsize + 1), f"its {height:,} × {width:,} pixels")
        self.shape = shape
        self._table = table
        self.order = order
        self._ids = set(table.ids)
        self._id_of = {entry.name: entry.id for entry in reversed(table.classes)}
        self._labels = np.zeros(height * width, kind)
        self._contested: NDArray[np.bool_] | None = None  # most images need neither of these two
        self._instances: LabelArray | None = None
        self._numbers: dict[tuple[int, Any], int] = {}
        self._only_number: dict[int, int] = {}
        self._several = False
        self._shapes = 0
        self._runs: list[tuple[int, int, Ints, Ints]] = []
        self._rings: list[tuple[int, int, Rings]] = []
        self._waiting = 0
        self._notes: list[str] = []

    def id_of(self, name: str) -> int:
        """Return the id of the class of a name; ValueError when the table lacks it."""
        found = self._id_of.get(clean_name(name))
        if found is None:
            raise ValueError(f"it uses the label {name!r:.60}, which its list of labels lacks")
        return found

    def add_runs(self, class_id: int, starts: Ints, lengths: Ints, group: Any = None) -> None:
        """Paint runs of the flattened image; shapes of one class and group are parts of one object."""
        if self._rings:
            self._paint()
        self._runs.append((class_id, self._number(class_id, group), starts, lengths))
        self._wait(len(starts))

    def add_rings(self, class_id: int, rings: Rings, group: Any = None) -> None:
        """Paint the pixels that an odd number of rings of x, y points enclose; groups as in `add_runs`."""
        if self._runs:
            self._paint()
        self._rings.append((class_id, self._number(class_id, group), rings))
        self._wait(sum(map(len, rings)))

    def skip(self, sentence: str) -> None:
        """Note a shape that was left out."""
        if sentence not in self._notes:
            self._notes.append(sentence)

    def image(self, stem: str, **fields: Any) -> LabelImage:
        """Return the mask; with object numbers when a class has several objects."""
        self._paint()
        notes = (*fields.pop("notes", ()), *self._notes)
        return LabelImage(
            self._upright(self._labels),
            self._table,
            stem=stem,
            instances=None if self._instances is None else self._upright(narrow(self._instances)),
            overlapped=0 if self._contested is None else int(np.count_nonzero(self._contested)),
            notes=notes,
            **fields,
        )

    def _upright(self, flat: NDArray[Any]) -> NDArray[Any]:
        height, width = self.shape
        return flat.reshape(width, height).T if self.order is Order.COLUMNS else flat.reshape(height, width)

    def _number(self, class_id: int, group: Any) -> int:
        """Number of the object that a shape is part of, from 1."""
        if class_id not in self._ids:
            raise ValueError(f"it uses class {class_id}, which its list of classes lacks")
        key = (class_id, ("shape", self._shapes) if group is None else _hashable(group))
        self._shapes += 1
        number = self._numbers.setdefault(key, len(self._numbers) + 1)
        self._several |= self._only_number.setdefault(class_id, number) != number
        return number

    def _wait(self, size: int) -> None:
        self._waiting += size + 1
        if self._waiting >= WAITING:
            self._paint()

    def _paint(self) -> None:
        """Paint the queued shapes."""
        if self._runs:
            ids, numbers, starts, lengths = zip(*self._runs, strict=True)
            owner = np.repeat(np.arange(len(ids)), [len(found) for found in starts])
            self._paint_runs(ids, numbers, owner, np.concatenate(starts), np.concatenate(lengths), self.order)
        if self._rings:
            ids, numbers, shapes = zip(*self._rings, strict=True)
            for owner, starts_found, lengths_found in fill_all(shapes, self.shape):
                self._paint_runs(ids, numbers, owner, starts_found, lengths_found, Order.ROWS)
        self._runs, self._rings, self._waiting = [], [], 0

    def _paint_runs(
        self, ids: tuple[int, ...], numbers: tuple[int, ...], owner: Ints, starts: Ints, lengths: Ints, order: Order
    ) -> None:
        """Paint runs of shape ``owner``; where they overlap within one call, too, the last one wins."""
        if self._several and self._instances is None:
            self._instances = self._numbers_so_far()
        if self._instances is not None and max(numbers) > np.iinfo(self._instances.dtype).max:
            self._instances = self._instances.astype(np.uint32)
        id_of, number_of = np.array(ids, self._labels.dtype), np.array(numbers, np.uint32)
        height, width = self.shape
        for run, index in expanded(starts, lengths):
            if order is not self.order:
                index = index % width * height + index // width
            shape = owner[run]
            values, before = id_of[shape], self._labels[index]
            self._labels[index] = values
            lost = ((before != 0) & (before != values)) | (self._labels[index] != values)
            if lost.any():
                if self._contested is None:
                    self._contested = np.zeros(self._labels.size, bool)
                self._contested[index[lost]] = True
            if self._instances is not None:
                self._instances[index] = number_of[shape]

    def _numbers_so_far(self) -> LabelArray:
        """Object numbers of what is painted: until now each class had one object."""
        refuse_beyond_memory(2 * self._labels.size, "the object numbers of its pixels")
        kind = np.promote_types(np.uint16, dtype_for(max(self._only_number.values())))
        top = max(self._ids)
        if top < _DENSE:
            number_of = np.zeros(top + 1, kind)
            number_of[list(self._only_number)] = list(self._only_number.values())
            return np.asarray(number_of[self._labels])
        numbers: LabelArray = np.zeros(self._labels.size, kind)
        for class_id, number in self._only_number.items():
            numbers[self._labels == class_id] = number
        return numbers


def painted(shapes: Iterable[Any], paint: Any, name: str) -> Generator[Progress, None, None]:
    """Call ``paint`` for each shape of an image, and say now and then how far it has come."""
    total = len(shapes) if isinstance(shapes, Sized) else 0
    for number, shape in enumerate(shapes):
        if number and number % _STEP == 0:
            yield Progress(number, max(total, number), f"{name}: {number:,} objects")
        paint(shape)


def _hashable(group: Any) -> Any:
    return group if isinstance(group, str | int | float) else repr(group)
