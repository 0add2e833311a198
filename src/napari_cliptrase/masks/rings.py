"""Polygons along the edges of pixels: exact outlines of every region of a plane, holes included, in one pass.

A pixel at row y, column x covers the square from (x, y) to (x + 1, y + 1). Each polygon is one part whose pixels are
joined by their sides; rings run along whole edges, and touch themselves nowhere, so that every polygon is valid.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.masks.model import Labels

Ring = NDArray[np.int64]
_EAST, _SOUTH, _WEST, _NORTH = range(4)


@dataclass(frozen=True, eq=False)
class Polygon:
    """One part of a region: (n, 2) rings of x, y corners, not closed; the outline first, then the holes.

    The outline runs clockwise on the screen (right along the top edge), holes the other way.
    """

    value: int
    outline: Ring
    holes: tuple[Ring, ...]

    @property
    def area(self) -> int:
        """Number of pixels."""
        return ring_area(self.outline) + sum(ring_area(hole) for hole in self.holes)


def ring_area(ring: Ring) -> int:
    """Pixels inside a ring; negative for one that runs the other way, as holes do."""
    x, y = ring[:, 0], ring[:, 1]
    return int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) // 2


def polygons(plane: Labels) -> dict[int, list[Polygon]]:
    """Return the polygons of each non-zero value of a (H, W) plane, from the top row down."""
    from skimage.measure import label

    parts = np.pad(np.asarray(label(plane, background=0, connectivity=1)), 1)
    part, start, end, direction = _segments(parts)
    values = np.zeros(int(parts.max()) + 1, plane.dtype)
    values[parts[1:-1, 1:-1]] = plane
    found: dict[int, list[Polygon]] = {}
    rings: list[list[Ring]] = [[] for _ in range(len(values))]
    corner = np.stack((start % parts.shape[1], start // parts.shape[1]), 1)
    for members in _chains(_links(part, start, end, direction, parts.size)):
        rings[int(part[members[0]])].append(corner[members])
    for number, (outline, *holes) in enumerate(rings[1:], start=1):
        value = int(values[number])
        found.setdefault(value, []).append(Polygon(value, outline, tuple(holes)))
    return dict(sorted(found.items()))


def _segments(parts: Labels) -> tuple[NDArray[np.int64], ...]:
    """Straight edges of all parts: part, start and end corner (flat index), direction; tops first, row by row.

    The part lies to the right of its edges.
    """
    width = parts.shape[1]
    down, across = parts[1:] != parts[:-1], parts[:, 1:] != parts[:, :-1]
    inner = parts[1:-1, 1:-1] > 0
    pieces = []
    for direction, exposed in (
        (_EAST, down[:-1, 1:-1] & inner),
        (_SOUTH, across[1:-1, 1:] & inner),
        (_WEST, down[1:, 1:-1] & inner),
        (_NORTH, across[1:-1, :-1] & inner),
    ):
        level = direction in (_EAST, _WEST)
        core = parts[1:-1, 1:-1]
        lines, edge = (core, exposed) if level else (core.T, exposed.T)
        joined = edge[:, 1:] & edge[:, :-1] & (lines[:, 1:] == lines[:, :-1])
        first, last = edge.copy(), edge.copy()
        first[:, 1:] &= ~joined
        last[:, :-1] &= ~joined
        line, low = np.nonzero(first)
        high = np.nonzero(last)[1] + 1
        offset = line + (1 if direction in (_SOUTH, _WEST) else 0)
        at_low = offset * width + low if level else low * width + offset
        at_high = offset * width + high if level else high * width + offset
        forward = direction in (_EAST, _SOUTH)
        pieces.append(
            (
                lines[line, low].astype(np.int64),
                at_low if forward else at_high,
                at_high if forward else at_low,
                np.full(len(line), direction, np.int64),
            )
        )
    return tuple(np.concatenate(column) for column in zip(*pieces, strict=True))


def _links(
    part: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], direction: NDArray[np.int64], size: int
) -> NDArray[np.intp]:
    """Index of the edge that follows each edge.

    Where two pixels of one part meet at a corner only, two edges start there: turning left keeps the background on
    both sides apart, which is what makes rings that never touch themselves.
    """
    keys = part * size + start
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    at = np.searchsorted(keys, part * size + end)
    second = np.minimum(at + 1, len(keys) - 1)
    left = (direction - 1) % 4
    choose = (keys[second] == keys[at]) & (second > at) & (direction[order[second]] == left)
    return order[np.where(choose, second, at)]


def _chains(following: NDArray[np.intp]) -> Iterator[list[int]]:
    """Yield the cycles of a permutation, each from its lowest member, lowest first."""
    successor = following.tolist()
    seen = bytearray(len(successor))
    for first in range(len(successor)):
        if seen[first]:
            continue
        members = []
        at = first
        while not seen[at]:
            seen[at] = 1
            members.append(at)
            at = successor[at]
        yield members


def with_seams(polygon: Polygon) -> Ring:
    """Return one ring for a polygon with holes: each hole hangs on the outline by a line that is gone over twice."""
    if not polygon.holes:
        return polygon.outline
    from scipy.spatial import cKDTree

    anchors = np.array([hole[0] for hole in polygon.holes])
    nearest = cKDTree(polygon.outline).query(anchors)[1]
    pieces: list[Ring] = []
    done = 0
    for index in np.argsort(nearest, kind="stable").tolist():
        at, hole = int(nearest[index]), polygon.holes[index]
        pieces += [polygon.outline[done : at + 1], hole, hole[:1], polygon.outline[at : at + 1]]
        done = at + 1
    pieces.append(polygon.outline[done:])
    return np.concatenate(pieces)


def fill(rings: Sequence[NDArray[np.floating] | Ring], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the (H, W) mask of pixels whose centre lies within an odd number of rings of x, y points."""
    height, width = shape
    toggles = np.zeros((height, width + 1), np.int32)
    for ring in rings:
        points = np.asarray(ring, np.float64)
        if len(points) < 3:
            continue
        (x0, y0), (x1, y1) = points.T, np.roll(points, -1, axis=0).T
        flip = y0 > y1
        x0, x1 = np.where(flip, x1, x0), np.where(flip, x0, x1)
        y0, y1 = np.where(flip, y1, y0), np.where(flip, y0, y1)
        first = np.clip(np.ceil(y0 - 0.5), 0, height).astype(np.int64)
        count = np.maximum(np.clip(np.ceil(y1 - 0.5), 0, height).astype(np.int64) - first, 0)
        edge = np.repeat(np.arange(len(count)), count)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
        share = (row + 0.5 - y0[edge]) / (y1 - y0)[edge]
        column = np.clip(np.ceil(x0[edge] + share * (x1 - x0)[edge] - 0.5), 0, width).astype(np.int64)
        np.add.at(toggles, (row, column), 1)
    return (np.cumsum(toggles[:, :-1], axis=1) & 1).astype(bool)
