"""Filling polygons: the pixels whose centre lies inside, by one rule for every format.

A pixel at row y, column x has its centre at (x + 0.5, y + 0.5). It is inside when an odd number of rings of one shape
surround it. A centre that lies exactly on an edge belongs to the shape on its right or below. Only NumPy computes with
the numbers, and only when they are finite and within `FARTHEST`.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.masks.pixel_runs import Ints, expanded, mask_runs

Rings = Sequence[NDArray[Any]]
FARTHEST: Final = 1e9
ROWS_AT_ONCE = 1 << 22


def ring_of(points: Any) -> NDArray[np.float64]:
    """(n, 2) x, y of a ring from the lists of a file; ValueError when they are not finite numbers near an image."""
    ring = np.asarray(points, np.float64)
    if ring.ndim != 2 or ring.shape[1] != 2:
        raise ValueError("a polygon is not a list of points")
    if not np.abs(ring).max(initial=0) <= FARTHEST:  # also true for NaN
        raise ValueError(f"a polygon has a corner that is not a finite number within ±{FARTHEST:.0e}")
    return ring


def fill(rings: Rings, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the (H, W) mask of the pixels inside one shape."""
    inside = np.zeros(shape, bool)
    flat = inside.reshape(-1)
    for _, starts, lengths in fill_all([rings], shape):
        for _, index in expanded(starts, lengths):
            flat[index] = True
    return inside


def fill_all(shapes: Sequence[Rings], shape: tuple[int, int]) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield the runs along the rows of an (H, W) image that lie inside shapes, shape after shape.

    Each item holds, for some runs, the number of the shape, the start in the flattened image, and the length. The time
    grows with the number of corners and of rows that edges cross, not with the number of pixels or of shapes alone.
    """
    begin = 0
    heights = [sum(_rows(ring, shape[0]) for ring in rings) for rings in shapes]
    while begin < len(shapes):
        end, total = begin + 1, heights[begin]
        while end < len(shapes) and total + heights[end] <= ROWS_AT_ONCE:
            total += heights[end]
            end += 1
        if total > ROWS_AT_ONCE:  # a single shape with very many edges
            starts, lengths = _by_parity(shapes[begin], shape)
            yield np.full(len(starts), begin), starts, lengths
        else:
            number, starts, lengths = _by_sorting(shapes[begin:end], shape)
            yield number + begin, starts, lengths
        begin = end


def _rows(ring: NDArray[Any], height: int) -> int:
    """At least as many as the rows that the edges of a ring cross."""
    if len(ring) <= 64:  # a loop is faster than setting up arrays
        y = ring[:, 1].tolist()
        return int(sum(min(abs(a - b), height) + 1 for a, b in zip(y, y[1:] + y[:1], strict=True)))
    y = ring[:, 1]
    return int(np.minimum(np.abs(y - np.roll(y, -1)), height).sum()) + len(ring)


def _by_sorting(shapes: Sequence[Rings], shape: tuple[int, int]) -> tuple[Ints, Ints, Ints]:
    """Pair the crossings of each row, from left to right."""
    height, width = shape
    owner_of_edge, *edges = _edges(shapes, height)
    keys = [
        (owner_of_edge[edge] * height + row) * (width + 1) + column
        for edge, row, column in _crossings(*edges, width=width)
    ]
    key = np.sort(np.concatenate(keys)) if keys else np.empty(0, np.int64)
    left, right = key[::2], key[1::2]
    some = left != right
    left, lengths = left[some], (right - left)[some]
    line, column = np.divmod(left, width + 1)
    owner, row = np.divmod(line, height)
    return owner, row * width + column, lengths


def _by_parity(rings: Rings, shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """Count crossings at each pixel: takes the memory of a mask, however many edges there are."""
    height, width = shape
    toggles = np.zeros((height, width + 1), np.uint8)
    _, *edges = _edges([rings], height)
    for _, row, column in _crossings(*edges, width=width):
        np.add.at(toggles, (row, column), 1)
    np.cumsum(toggles, axis=1, dtype=np.uint8, out=toggles)
    toggles &= 1
    return mask_runs(np.ascontiguousarray(toggles[:, :-1]).reshape(-1).view(bool))


def _edges(shapes: Sequence[Rings], height: int) -> tuple[NDArray[Any], ...]:
    """Shape, first row, number of rows, start x and y, and slope of each edge that crosses centres of rows."""
    rings = [ring for ring in chain.from_iterable(shapes) if len(ring) > 2]
    if not rings:
        empty = np.empty(0)
        return empty.astype(np.int64), empty.astype(np.int64), empty.astype(np.int64), empty, empty, empty
    lengths = [len(ring) for ring in rings]
    owner = np.repeat([i for i, found in enumerate(shapes) for ring in found if len(ring) > 2], lengths)
    points = np.concatenate(rings).astype(np.float64, copy=False)
    following = np.arange(1, len(points) + 1)
    ends = np.cumsum(lengths)
    following[ends - 1] = ends - lengths
    (x0, y0), (x1, y1) = points.T, points[following].T
    flip = y0 > y1
    x0, x1 = np.where(flip, x1, x0), np.where(flip, x0, x1)
    y0, y1 = np.where(flip, y1, y0), np.where(flip, y0, y1)
    first = np.clip(np.ceil(y0 - 0.5), 0, height).astype(np.int64)
    count = np.clip(np.ceil(y1 - 0.5), 0, height).astype(np.int64) - first
    some = count > 0
    x0, y0, x1, y1 = x0[some], y0[some], x1[some], y1[some]
    return owner[some], first[some], count[some], x0, y0, (x1 - x0) / (y1 - y0)


def _crossings(
    first: Ints,
    count: Ints,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    slope: NDArray[np.float64],
    *,
    width: int,
) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield the edge, the row and the first column at the right of each crossing."""
    for edge, row in expanded(first, count):
        at = x[edge] + (row + 0.5 - y[edge]) * slope[edge]
        yield edge, row, np.clip(np.ceil(at - 0.5), 0, width).astype(np.int64)
