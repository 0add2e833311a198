"""A plane as it was at one moment, copied tile by tile, so that a stroke copies little."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.errors import ProjectError

_TILE: Final = 512

PlaneArea = tuple[slice, slice]
"""Rows and columns, with start and stop."""


class TiledSnapshot:
    """A plane at one moment, in tiles that never change; a later one shares the tiles in which nothing changed."""

    def __init__(self, shape: tuple[int, int], tiles: dict[tuple[int, int], NDArray[Any]]) -> None:
        self.shape = shape
        self._tiles = tiles

    @classmethod
    def of(cls, array: NDArray[Any]) -> "TiledSnapshot":
        """Copy a whole (H, W) array."""
        return cls((array.shape[0], array.shape[1]), {}).updated(array, None)

    def updated(self, array: NDArray[Any], region: PlaneArea | None) -> "TiledSnapshot":
        """Return a snapshot of an array (H, W) that differs from this one within ``region`` only; None: anywhere."""
        if array.shape != self.shape:
            raise ProjectError(f"An array of shape {array.shape} cannot follow one of {self.shape}.")
        rows, columns = (slice(0, size) for size in self.shape) if region is None else region
        tiles = dict(self._tiles)
        for top in range(rows.start // _TILE * _TILE, rows.stop, _TILE):
            for left in range(columns.start // _TILE * _TILE, columns.stop, _TILE):
                tile = array[top : top + _TILE, left : left + _TILE]
                old = tiles.get((top, left))
                # comparing is faster than copying, since new memory has to be fetched page by page
                if old is None or old.dtype != tile.dtype or not np.array_equal(old, tile):
                    tiles[top, left] = tile.copy()
        return TiledSnapshot(self.shape, tiles)

    def array(self) -> NDArray[Any]:
        """Return the plane as one array (H, W)."""
        kind = np.result_type(*(tile.dtype for tile in self._tiles.values()))
        whole = np.empty(self.shape, kind)
        for (top, left), tile in self._tiles.items():
            whole[top : top + _TILE, left : left + _TILE] = tile
        return whole
