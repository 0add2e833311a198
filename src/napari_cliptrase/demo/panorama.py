"""A landscape too large for the memory, painted tile by tile when it is read."""

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.demo.plans import STANDS_ON, Element, Plan, new_stuff, new_thing
from napari_cliptrase.demo.things import Thing
from napari_cliptrase.demo.words import world_classes
from napari_cliptrase.demo.world import Scene, paint_window, to_bytes

TILE: Final = 512
_SKY: Final = 0.13
# from top to bottom: the ground of each band and how high it is beside the others
_BANDS: Final = (
    ("snow", 0.08),
    ("grass", 0.10),
    ("road", 0.035),
    ("wheat field", 0.10),
    ("brick wall", 0.05),
    ("grass", 0.11),
    ("sea", 0.15),
    ("sand", 0.12),
    ("grass", 0.09),
    ("road", 0.035),
    ("snow", 0.12),
)
_SIZE: Final = 150.0  # things stand about so many pixels high, as in a landscape of 336 pixels


def plan_panorama(seed: int, size: tuple[int, int] = (4096, 4096)) -> Plan:
    """Plan a tall landscape: a sky with what flies in it, mountains, and bands of ground down to the painter."""
    rng = np.random.default_rng((seed, 13))
    height, width = size
    horizon = _SKY * height
    below = (height - horizon) / sum(share for _, share in _BANDS)
    grain = 336.0
    elements: list[Element] = [new_stuff("sky", (0, 0, 1.3 * horizon, width), grain, rng)]
    flying = ("cloud", "cloud", "balloon")
    count = max(round(horizon * width / (2.6 * _SIZE) ** 2), 2)
    elements.append(new_thing("sun", 0.4 * horizon, width * float(rng.uniform(0.1, 0.9)), 1.6 * _SIZE, rng))
    for row, column in _spread(count, (1.2 * _SIZE, 0, horizon, width), rng):
        elements.append(new_thing(str(rng.choice(flying)), row, column, _SIZE * float(rng.uniform(0.9, 1.7)), rng))
    rise = min(0.5 * horizon, 3 * _SIZE)
    elements.append(new_stuff("mountain", (horizon - rise, 0, horizon + 0.2 * rise, width), grain, rng))
    top = horizon
    for name, share in _BANDS:
        low = top + share * below
        elements.append(
            new_stuff(name, (top, 0, low + 0.05 * height if name != "road" else low + 4, width), grain, rng)
        )
        choice = STANDS_ON[name]
        if choice:
            count = max(round((low - top) * width / (2.4 * _SIZE) ** 2), 1)
            spots = _spread(count, (top + 0.3 * (low - top), 0, low, width), rng)
            elements += _standing(spots, choice, rng)
        top = low
    return Plan(size, seed, tuple(elements))


def _standing(spots: list[tuple[float, float]], choice: tuple[str, ...], rng: np.random.Generator) -> list[Thing]:
    return [
        new_thing(str(rng.choice(choice)), row, column, _SIZE * float(rng.uniform(0.7, 1.3)), rng)
        for row, column in sorted(spots)
    ]


def _spread(count: int, box: tuple[float, float, float, float], rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return ``count`` places in a box that keep apart, one to a column of the box."""
    y0, x0, y1, x1 = box
    step = (x1 - x0) / count
    order = rng.permutation(count)
    rows = y0 + (order + rng.uniform(0.2, 0.8, count)) / count * (y1 - y0)
    columns = x0 + (np.arange(count) + rng.uniform(0.2, 0.8, count)) * step
    return [(float(row), float(column)) for row, column in zip(rows, columns, strict=True)]


class Panorama:
    """A painted picture (H, W, 3) uint8 that is painted where it is read; indexes like an array.

    ``tile(y, x)`` paints one; those that were read last are remembered. ``np.asarray`` paints all of it,
    ``dask.array.from_array`` wraps it.
    """

    dtype: Final = np.dtype(np.uint8)
    ndim: Final = 3

    def __init__(self, seed: int = 0, size: tuple[int, int] = (4096, 4096)) -> None:
        self.plan = plan_panorama(seed, size)
        self.shape = (*size, 3)
        self.tile = lru_cache(maxsize=96)(self._paint_tile)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[np.uint8]:
        """Return what the same index gives of the whole picture; only the tiles that it touches are painted."""
        index = key if isinstance(key, tuple) else (key,)
        if any(
            entry is None or entry is Ellipsis or not isinstance(entry, int | slice | np.integer) for entry in index
        ):
            whole: NDArray[np.uint8] = np.asarray(self)[key]
            return whole
        rows, columns, *rest = (*index, slice(None), slice(None))[:3] if len(index) < 3 else index
        top, bottom, inner_rows = _extent(rows, self.shape[0])
        left, right, inner_columns = _extent(columns, self.shape[1])
        part: NDArray[np.uint8] = self._window(top, left, bottom, right)[(inner_rows, inner_columns, *rest)]
        return part

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Paint the whole picture."""
        return self._window(0, 0, self.shape[0], self.shape[1]).astype(dtype or np.uint8, copy=False)

    def _window(self, top: int, left: int, bottom: int, right: int) -> NDArray[np.uint8]:
        out = np.empty((max(bottom - top, 0), max(right - left, 0), 3), np.uint8)
        for y in range(top // TILE * TILE, bottom, TILE):
            for x in range(left // TILE * TILE, right, TILE):
                tile = self.tile(y, x)
                y0, y1 = max(y, top), min(y + len(tile), bottom)
                x0, x1 = max(x, left), min(x + tile.shape[1], right)
                out[y0 - top : y1 - top, x0 - left : x1 - left] = tile[y0 - y : y1 - y, x0 - x : x1 - x]
        return out

    def _paint_tile(self, y: int, x: int) -> NDArray[np.uint8]:
        height, width = min(TILE, self.shape[0] - y), min(TILE, self.shape[1] - x)
        return to_bytes(paint_window(self.plan, y, x, height, width), self.plan)

    def scene(self, top: int, left: int, height: int, width: int) -> Scene:
        """Paint one window with its labels and instances."""
        canvas = paint_window(self.plan, top, left, height, width)
        return Scene(to_bytes(canvas, self.plan), canvas.labels, canvas.instances, world_classes())


def _extent(entry: int | slice, length: int) -> tuple[int, int, int | slice]:
    """Return the first and last + 1 row that an index reads, and the index within them."""
    if not isinstance(entry, slice):
        row = range(length)[int(entry)]
        return row, row + 1, 0
    read = range(length)[entry]
    if not read:
        return 0, 0, slice(0)
    low, high = min(read), max(read)
    inner = slice(None, None, read.step) if read.step > 0 else slice(high - low, None, read.step)
    return low, high + 1, inner
