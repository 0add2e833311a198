"""The connected parts of the regions of an image, labelled once and then looked up at every move of the mouse."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label


@dataclass(frozen=True)
class RegionPart:
    """One connected part of a region.

    Attributes
    ----------
    index
        Number of the part within its image, from 0.
    top, left
        Pixel of the image that the mask starts at.
    mask
        (h, w) bool, the part within its bounding box.
    """

    index: int
    top: int
    left: int
    mask: NDArray[np.bool_]

    @property
    def pixels(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns, (n,) each, of the part in the image."""
        rows, columns = np.nonzero(self.mask)
        return rows + self.top, columns + self.left


class RegionParts:
    """Connected parts (by edges, not by corners) of a region map."""

    def __init__(self, parts: NDArray[np.int32], boxes: tuple[tuple[slice, slice], ...]) -> None:
        """See `RegionParts.of`."""
        self._parts = parts
        self._boxes = boxes

    @classmethod
    def of(cls, region_map: NDArray[np.integer]) -> "RegionParts":
        """Label the parts of ``region_map``, (H, W) int, -1 where there is no region."""
        parts = label(region_map, background=-1, connectivity=1).astype(np.int32, copy=False)
        boxes = tuple((rows, columns) for rows, columns in ndimage.find_objects(parts))
        parts -= 1
        return cls(parts, boxes)

    def __len__(self) -> int:
        return len(self._boxes)

    def index_at(self, row: int, column: int) -> int:
        """Number of the part at a pixel; -1 outside the image and where there is none."""
        height, width = self._parts.shape
        if not (0 <= row < height and 0 <= column < width):
            return -1
        return int(self._parts[row, column])

    def part(self, index: int) -> RegionPart:
        """Return a part by its number."""
        rows, columns = self._boxes[index]
        return RegionPart(index, rows.start, columns.start, self._parts[rows, columns] == index)
