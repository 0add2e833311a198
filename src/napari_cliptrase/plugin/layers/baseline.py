"""What the model last wrote into a plane, and which pixels were changed by hand since: one bit a pixel each.

Hand edits are not read from paint events (undo and redo send none, scripts neither) but by comparing what is there with
what was written. A pixel once changed by hand stays an edit, also when a later result happens to agree with it.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.merge import edited_pixels

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class PackedMask:
    """A mask of any shape with eight pixels in a byte."""

    shape: tuple[int, ...]
    bits: NDArray[np.uint8]

    @classmethod
    def of(cls, mask: Mask) -> Self:
        """Pack a boolean array."""
        return cls(mask.shape, np.packbits(mask))

    def unpacked(self) -> Mask:
        """Return the boolean array."""
        count = int(np.prod(self.shape))
        return np.unpackbits(self.bits, count=count).view(bool).reshape(self.shape)


@dataclass(frozen=True)
class Baseline:
    """Memory of one plane of one layer.

    Attributes
    ----------
    written
        The plane's content right after the last result: for a class layer the pixels that held its class,
        for a combined layer the labels themselves.
    edited
        Pixels that had been changed by hand before that.
    """

    written: PackedMask | NDArray[np.integer]
    edited: PackedMask

    @classmethod
    def after_writing(cls, content: NDArray[np.integer], edited: Mask, class_id: int | None) -> Self:
        """Remember ``content`` (H, W); ``class_id`` is None for a combined layer."""
        written = content.copy() if class_id is None else PackedMask.of(content == class_id)
        return cls(written, PackedMask.of(edited))

    def edits(self, content: NDArray[np.integer], class_id: int | None) -> Mask:
        """(H, W) pixels of ``content`` that were ever changed by hand."""
        if isinstance(self.written, PackedMask):
            last: NDArray[np.integer] = self.written.unpacked().astype(content.dtype) * content.dtype.type(
                class_id or 0
            )
        else:
            last = self.written
        return self.edited.unpacked() | edited_pixels(content, last)


def edits_of(memory: Baseline | None, content: NDArray[np.integer], class_id: int | None) -> Mask:
    """(H, W) hand edits of a plane; without a memory every labelled pixel counts as one."""
    return edited_pixels(content, None) if memory is None else memory.edits(content, class_id)
