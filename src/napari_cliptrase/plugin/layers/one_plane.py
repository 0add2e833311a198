"""One plane of a stack as an array with the axes of the stack, all others of length one, over an array (H, W)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class OnePlane:
    """An array (H, W), such as a zarr on disk, that is indexed as if it were (1, …, H, W).

    A layer over a stack needs the axes of the stack, and a zarr cannot be given more axes without a copy.

    Parameters
    ----------
    array
        (H, W); what is written goes there.
    ndim, rows, columns
        Number of axes, and which of them are Y and X, in this order.
    """

    def __init__(self, array: Any, ndim: int, rows: int, columns: int) -> None:
        self.array = array
        self.store = getattr(array, "store", None)
        self.dtype = array.dtype
        self.ndim = ndim
        self._axes = rows, columns
        sizes = [1] * ndim
        sizes[rows], sizes[columns] = array.shape
        self.shape = tuple(sizes)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        places = self._places(index)
        if any(_is_many(place) for place in places):
            inside, shape = self._pixels(places)
            return np.asarray(self.array[inside]).reshape(shape)
        found = np.asarray(self.array[tuple(places[axis] for axis in self._axes)])
        sizes = [
            len(range(size)[place]) for place, size in zip(places, self.shape, strict=True) if isinstance(place, slice)
        ]
        if any(not isinstance(place, slice) and place not in (0, -1) for place in self._others(places)):
            raise IndexError(f"There is one plane, at 0, not {index}.")
        return found.reshape(sizes) if 0 not in sizes else np.zeros(sizes, self.dtype)

    def __setitem__(self, index: Any, values: Any) -> None:
        places = self._places(index)
        if any(_is_many(place) for place in places):
            inside, shape = self._pixels(places)
            self.array[inside] = np.broadcast_to(values, shape).reshape(-1) if np.ndim(values) else values
            return
        inside = tuple(places[axis] for axis in self._axes)
        if np.ndim(values):
            values = np.asarray(values).reshape(np.shape(values)[-sum(isinstance(place, slice) for place in inside) :])
        self.array[inside] = values

    def _places(self, index: Any) -> list[Any]:
        """Return what is asked for along each axis."""
        parts = list(index) if isinstance(index, tuple) else [index]
        if Ellipsis in [part for part in parts if not _is_many(part)]:
            at = next(number for number, part in enumerate(parts) if part is Ellipsis)
            parts[at : at + 1] = [slice(None)] * (self.ndim - len(parts) + 1)
        return parts + [slice(None)] * (self.ndim - len(parts))

    def _others(self, places: list[Any]) -> list[Any]:
        return [place for axis, place in enumerate(places) if axis not in self._axes]

    def _pixels(self, places: list[Any]) -> tuple[tuple[Any, ...], tuple[int, ...]]:
        """(n,) rows and columns of pixels that are named one by one, and the shape of the index arrays."""
        arrays = np.broadcast_arrays(*(np.asarray(place) for place in places))
        return tuple(arrays[axis].reshape(-1) for axis in self._axes), arrays[0].shape


def _is_many(place: Any) -> bool:
    return isinstance(place, (list, np.ndarray))
