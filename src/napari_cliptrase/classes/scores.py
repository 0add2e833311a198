"""Class scores on a coarse grid that covers the whole image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.patch_likeness import PatchLikeness


@dataclass(frozen=True)
class ClassScores:
    """Probabilities of each class on a coarse grid.

    Attributes
    ----------
    ids
        Class id of each map; 0 stands for background prompts, when there are any.
    maps
        (len(ids), h, w) float32, probabilities; the grid covers the image edge to edge.
    shape
        (H, W) of the image.
    likeness
        Which patches of the grid resemble each other, window by window; empty when nobody said so.
    """

    ids: tuple[int, ...]
    maps: NDArray[np.float32]
    shape: tuple[int, int]
    likeness: tuple[PatchLikeness, ...] = ()

    def of(self, class_id: int) -> NDArray[np.float32]:
        """(h, w) map of one class on the grid; KeyError when the class has none."""
        if class_id not in self.ids:
            raise KeyError(class_id)
        return np.asarray(self.maps[self.ids.index(class_id)])

    def full(self, class_id: int, rows: slice = slice(None), columns: slice = slice(None)) -> NDArray[np.float32]:
        """(H, W) float32 map of one class in image pixels (or a part of it), bilinear between cell centres."""
        return stretched(self.of(class_id), self.shape, rows, columns)

    def best(self, among: Sequence[int] | None = None) -> NDArray[np.float32]:
        """(h, w) highest probability among the given classes (default: all but background)."""
        chosen = [
            i for i, class_id in enumerate(self.ids) if (class_id in among if among is not None else class_id != 0)
        ]
        if not chosen:
            return np.zeros(self.maps.shape[1:], np.float32)
        return np.asarray(self.maps[chosen].max(0))


def stretched(
    grid: NDArray[np.float32], shape: tuple[int, int], rows: slice = slice(None), columns: slice = slice(None)
) -> NDArray[np.float32]:
    """(H, W) float32 a map (h, w) on the pixels of an image of ``shape`` (or a part of it), bilinear."""
    lower, upper, weight = sampling(shape[0], grid.shape[0])
    by_row = _mix(grid, lower[rows], upper[rows], weight[rows])
    lower, upper, weight = sampling(shape[1], grid.shape[1])
    return _mix(by_row.T, lower[columns], upper[columns], weight[columns]).T


def sampling(size: int, cells: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Lower cell, upper cell and weight of the upper one, (size,) each, for ``size`` pixels over ``cells`` cells.

    The convention of bilinear interpolation with pixel areas (``align_corners=False``).
    """
    position = np.clip((np.arange(size) + 0.5) * (cells / size) - 0.5, 0, cells - 1)
    lower = np.floor(position).astype(np.intp)
    upper = np.minimum(lower + 1, cells - 1)
    return lower, upper, (position - lower).astype(np.float32)


def _mix(
    grid: NDArray[np.float32], lower: NDArray[np.intp], upper: NDArray[np.intp], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    below, above = grid[lower], grid[upper]
    return np.asarray(below + (above - below) * weight[:, None], np.float32)
