"""What the model last wrote into a plane, and what a person stated about its pixels: one bit a pixel each.

A person states a pixel with a stroke, a fill, a click: it belongs to this class, or it does not. A stroke that changes
nothing is a statement too. Changes that come without a stroke (scripts that write into the array) are found by
comparing what is there with what was written; they count as hand edits as well.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray, Mask
from napari_cliptrase.merge import edited_pixels
from napari_cliptrase.plugin.layers.row_bands import row_bands


@dataclass(frozen=True)
class PackedMask:
    """A mask of any shape with eight pixels in a byte."""

    shape: tuple[int, ...]
    bits: NDArray[np.uint8]

    @classmethod
    def of(cls, mask: Mask) -> Self:
        """Pack a boolean array."""
        return cls(mask.shape, np.packbits(mask))

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> Self:
        """Pack a mask of this shape that is False everywhere."""
        return cls(shape, np.zeros(-(-int(np.prod(shape)) // 8), np.uint8))

    def unpacked(self) -> Mask:
        """Return the boolean array, a new one."""
        count = int(np.prod(self.shape))
        return np.unpackbits(self.bits, count=count).view(bool).reshape(self.shape)

    def rows(self, rows: slice) -> Mask:
        """Return some rows (with start and stop) of a mask (H, W), a new array; the rest is not unpacked."""
        width = self.shape[1]
        first, last = rows.start * width, rows.stop * width
        bits = np.unpackbits(self.bits[first // 8 : -(-last // 8)])
        return bits[first % 8 : first % 8 + last - first].view(bool).reshape(rows.stop - rows.start, width)

    def span(self) -> slice | None:
        """Return the rows of a mask of two axes in which it is True anywhere; None when it is nowhere."""
        found = np.flatnonzero(self.unpacked().any(1))
        return slice(int(found[0]), int(found[-1]) + 1) if found.size else None

    def any(self) -> bool:
        """Whether it is True anywhere."""
        return bool(self.bits.any())

    def exceeds(self, other: "PackedMask") -> bool:
        """Whether it is True anywhere where another mask of its shape is not."""
        return bool((self.bits & ~other.bits).any())

    def same_as(self, other: "PackedMask") -> bool:
        """Whether it is True in the same places as another mask of its shape."""
        return self.bits is other.bits or bool(np.array_equal(self.bits, other.bits))


@dataclass(frozen=True)
class Baseline:
    """What is known of one plane (H, W) of one layer.

    Attributes
    ----------
    written
        The plane as the last result left it where nobody had stated anything: for a class layer the pixels that held
        its class, for a combined layer the labels themselves.
    stated
        Pixels that a person stated.
    """

    written: PackedMask | LabelArray
    stated: PackedMask

    @classmethod
    def of_unknown(cls, content: LabelArray, class_id: int | None) -> Self:
        """Return the baseline of a plane (H, W) that no result was written to: all its labels are a person's."""
        written = np.zeros_like(content) if class_id is None else PackedMask.empty(content.shape)
        return cls(written, PackedMask.of(np.asarray(content != 0)))

    def edits(self, content: LabelArray, class_id: int | None) -> Mask:
        """(H, W) pixels of ``content`` that a person stated or something else than a result changed."""
        edits = np.empty(content.shape, bool)
        for rows in row_bands(content.shape):
            edits[rows] = self.edits_in(rows, content[rows], class_id)
        return edits

    def edits_in(self, rows: slice, content: LabelArray, class_id: int | None) -> Mask:
        """Return some rows of `edits`, (rows, W); ``content`` is what these rows hold."""
        held = self.written_in(rows, content.dtype, class_id)
        return self.stated.rows(rows) | edited_pixels(content, held)

    def written_in(self, rows: slice, dtype: np.dtype, class_id: int | None) -> LabelArray:
        """Return labels of some rows, (rows, W), as the last result left them where nobody had stated anything."""
        if isinstance(self.written, PackedMask):
            held: LabelArray = self.written.rows(rows).astype(dtype)
            held *= dtype.type(class_id or 0)
            return held
        return self.written[rows]

    def after_writing(self, content: LabelArray, edits: Mask, class_id: int | None) -> "Baseline":
        """Return the baseline after a result left the plane as ``content`` (H, W), with hand edits ``edits`` (H, W).

        Under the edits it keeps what was written before them: that is what comes back when they are undone.
        """
        edited = bool(edits.any())
        stated = PackedMask.of(edits) if edited else PackedMask.empty(edits.shape)
        if isinstance(self.written, PackedMask):
            held = np.asarray(content == class_id)
            if edited:
                np.copyto(held, self.written.unpacked(), where=edits)
            return Baseline(PackedMask.of(held), stated)
        labels = content.copy()
        np.copyto(labels, self.written, where=edits, casting="unsafe")
        return Baseline(labels, stated)

    def with_stated(self, stated: Mask) -> "Baseline":
        """Return the baseline with other stated pixels (H, W)."""
        return Baseline(self.written, PackedMask.of(stated))

    def going_back(self, before: "Baseline", where: Mask) -> "Baseline":
        """Return the baseline that has, at ``where`` (H, W), the written content of an earlier one."""
        if isinstance(self.written, PackedMask) and isinstance(before.written, PackedMask):
            held = self.written.unpacked()
            np.copyto(held, before.written.unpacked(), where=where)
            return Baseline(PackedMask.of(held), self.stated)
        return Baseline(np.where(where, np.asarray(before.written), np.asarray(self.written)), self.stated)
