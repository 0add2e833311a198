"""Polygons along the edges of pixels: exact outlines of every region of a plane, holes included, in one pass.

A pixel at row y, column x covers the square from (x, y) to (x + 1, y + 1). Each polygon is one part whose pixels are
joined by their sides; rings run along whole edges, and touch themselves nowhere, so that every polygon is valid.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.masks.label_image import Labels

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
    """Return one ring for a polygon with holes: each hole hangs on the ring above it by a line that is gone over twice.

    The line rises from the leftmost of the hole's highest corners along the edges of pixels, so that no program that
    draws outlines, too, paints a pixel for it.
    """
    if not polygon.holes:
        return polygon.outline
    rings = [polygon.outline, *(_from_top(hole) for hole in polygon.holes)]
    hanging = _hanging(rings)
    points: list[NDArray[np.integer]] = []
    walk = [_walk(rings, hanging, 0)]
    while walk:
        step = next(walk[-1], None)
        if step is None:
            walk.pop()
        elif isinstance(step, int):
            walk.append(_walk(rings, hanging, step))
        else:
            points.append(step)
    return np.concatenate(points)


def _from_top(hole: Ring) -> Ring:
    """Let a ring begin at the leftmost of its highest corners."""
    return np.roll(hole, -int(np.lexsort((hole[:, 0], hole[:, 1]))[0]), axis=0)


def _hanging(rings: Sequence[Ring]) -> dict[int, dict[int, list[int]]]:
    """Ring -> edge -> the holes right below it; an edge goes from the corner of its number to the next one."""
    low = rings[0].min(0)
    starts = np.concatenate(rings) - low
    ends = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings]) - low
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    number = np.concatenate([np.arange(len(ring)) for ring in rings])
    # the level edge at each side of a pixel: no two rings share one
    edges = np.flatnonzero(starts[:, 1] == ends[:, 1])
    left, length = np.minimum(starts[edges, 0], ends[edges, 0]), np.abs(ends[edges, 0] - starts[edges, 0])
    side = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length - left, length)
    sides = np.full(starts.max(0)[::-1] + 1, -1, np.int64)
    sides[np.repeat(starts[edges, 1], length), side] = np.repeat(edges, length)
    # the row of the last edge at or above
    last = np.maximum.accumulate(np.where(sides >= 0, np.arange(len(sides))[:, None], -1), axis=0)
    x, y = (np.array([ring[0] for ring in rings[1:]]) - low).T
    touching = sides[y, x - 1] >= 0  # to the right lies the hole's own upper edge
    before, after = last[y - 1, x - 1], last[y - 1, x]
    row = np.where(touching, y, np.maximum(before, after))
    column = np.where(touching | (before >= after), x - 1, x)
    found: dict[int, dict[int, list[int]]] = {}
    for hole, edge in enumerate(sides[row, column].tolist(), start=1):
        found.setdefault(int(owner[edge]), {}).setdefault(int(number[edge]), []).append(hole)
    return found


def _walk(
    rings: Sequence[Ring], hanging: dict[int, dict[int, list[int]]], number: int
) -> Iterator[NDArray[np.integer] | int]:
    """Yield runs of corners of a ring and, where one hangs, the number of the hole to walk round first."""
    ring, done = rings[number], 0
    for edge, holes in sorted(hanging.get(number, {}).items()):
        yield ring[done : edge + 1]
        done = edge + 1
        forward = 1 if ring[(edge + 1) % len(ring)][0] > ring[edge][0] else -1
        for hole in sorted(holes, key=lambda hole: forward * int(rings[hole][0][0])):
            hook = np.array([[rings[hole][0][0], ring[edge][1]]], ring.dtype)
            yield hook
            yield hole
            yield rings[hole][:1]
            yield hook
    yield ring[done:]


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
