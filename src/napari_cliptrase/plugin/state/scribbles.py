"""Marks that a person drew on images as examples, not as labels: kept for all images of one viewer.

They go by the hash of the image, so that they are there again when the image is opened again; they are kept packed,
since most of an image has no mark.
"""

import zlib
from typing import Final

import numpy as np
from psygnal import Signal

from napari_cliptrase.array_types import Floats, LabelArray

_QUICK: Final = 1
"""Compression level; nearly all of it is zeros."""


class Scribbles:
    """The marks of one viewer. Signal: ``changed(image)``, with the SHA-256 of the image."""

    changed = Signal(str)

    def __init__(self) -> None:
        self._packed: dict[str, tuple[bytes, np.dtype, tuple[int, int]]] = {}
        self._filled: dict[str, dict[tuple[int, int], dict[int, Floats]]] = {}

    @property
    def empty(self) -> bool:
        """Whether no image has a mark."""
        return not self._packed

    def marks(self, image: str) -> LabelArray | None:
        """(h, w) class ids of the marks on an image, 0 without one; None when there is no mark."""
        if image not in self._packed:
            return None
        packed, dtype, shape = self._packed[image]
        return np.frombuffer(zlib.decompress(packed), dtype).reshape(shape).copy()

    def put(self, image: str, marks: LabelArray | None) -> None:
        """Take the place of the marks (h, w) of an image."""
        self._filled.pop(image, None)
        before = self._packed.pop(image, None)
        if marks is not None and marks.any():
            kept = np.ascontiguousarray(marks)
            height, width = kept.shape
            self._packed[image] = zlib.compress(kept.data, _QUICK), kept.dtype, (height, width)
        if self._packed.get(image) != before:
            self.changed.emit(image)

    def shares(self, image: str, grid: tuple[int, int]) -> dict[int, Floats]:
        """Shares (h*w,) of the patches of an image that the marks of each class cover."""
        known = self._filled.setdefault(image, {})
        if grid not in known:
            marks = self.marks(image)
            known[grid] = {} if marks is None else marked_shares(marks, grid)
        return known[grid]


def marked_shares(marks: LabelArray, grid: tuple[int, int]) -> dict[int, Floats]:
    """Shares (h*w,) float32 of each patch that the marks (h, w) of each class id cover; most pixels hold 0."""
    height, width = marks.shape
    rows, columns = np.nonzero(marks)
    values = marks[rows, columns]
    cell = rows * grid[0] // height * grid[1] + columns * grid[1] // width
    tall = np.bincount(np.arange(height) * grid[0] // height, minlength=grid[0])
    wide = np.bincount(np.arange(width) * grid[1] // width, minlength=grid[1])
    size = np.maximum(np.outer(tall, wide), 1).ravel()
    return {
        int(value): (np.bincount(cell[values == value], minlength=len(size)) / size).astype(np.float32)
        for value in np.unique(values)
    }
