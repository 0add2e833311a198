"""Polygons along the edges of pixels: exact outlines of every region of a plane, holes included, in one pass.

A pixel at row y, column x covers the square from (x, y) to (x + 1, y + 1). Each polygon is one part whose pixels are
joined by their sides; rings run along whole edges, and touch themselves nowhere, so that every polygon is valid.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray

Ring = NDArray[np.int64]
_EAST, _SOUTH, _WEST, _NORTH = range(4)


@dataclass(frozen=True, eq=False)
class Polygon:
    """One part of a region: (n, 2) rings of x, y corners, not closed; the outline first, then the holes.

    The outline runs clockwise on the screen (right along the top edge), holes the other way. ``area`` is the number of
    pixels, ``box`` is (left, top, right, bottom).
    """

    value: int
    outline: Ring
    holes: tuple[Ring, ...]
    area: int
    box: tuple[int, int, int, int]


def polygons(plane: LabelArray) -> dict[int, list[Polygon]]:
    """Return the polygons of each non-zero value of a (H, W) plane, from the top row down."""
    from skimage.measure import label  # brings scipy, which most formats and commands do without

    parts = np.pad(np.asarray(label(plane, background=0, connectivity=1)), 1)
    part, start, end, direction = _segments(parts)
    if not len(part):
        return {}
    values = np.zeros(int(parts.max()) + 1, plane.dtype)
    values[parts[1:-1, 1:-1]] = plane
    order, first = _chains(_links(part, start, end, direction, parts.size))
    corners = np.stack(np.divmod(start[order], parts.shape[1])[::-1], 1)
    bounds = np.append(first, len(corners))
    areas = _areas(corners, bounds)
    low = np.minimum.reduceat(corners, first, axis=0)
    high = np.maximum.reduceat(corners, first, axis=0)
    boxes = np.concatenate((low, high), 1).tolist()
    owner = part[order[first]]
    by_part = np.argsort(owner, kind="stable")
    begins = np.flatnonzero(np.diff(owner[by_part], prepend=0))
    part_areas = np.add.reduceat(areas[by_part], begins).tolist()
    part_values = values[owner[by_part[begins]]].tolist()
    ring_of = by_part.tolist()
    edges = bounds.tolist()
    found: dict[int, list[Polygon]] = {}
    for number, (begin, last) in enumerate(pairwise([*begins.tolist(), len(ring_of)])):
        outline, *holes = (corners[edges[ring] : edges[ring + 1]] for ring in ring_of[begin:last])
        value = part_values[number]
        left, top, right, bottom = boxes[ring_of[begin]]
        polygon = Polygon(value, outline, tuple(holes), part_areas[number], (left, top, right, bottom))
        found.setdefault(value, []).append(polygon)
    return dict(sorted(found.items()))


def _areas(corners: Ring, bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pixels inside each ring; negative for those that run the other way, as holes do."""
    following = np.arange(1, len(corners) + 1)
    following[bounds[1:] - 1] = bounds[:-1]
    (x, y), (next_x, next_y) = corners.T, corners[following].T
    return np.asarray(np.add.reduceat(x * next_y - next_x * y, bounds[:-1]) // 2)


def _segments(parts: LabelArray) -> tuple[NDArray[np.int64], ...]:
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
    both sides apart, so that rings never touch themselves.
    """
    keys = part * size + start
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    at = np.searchsorted(keys, part * size + end)
    second = np.minimum(at + 1, len(keys) - 1)
    left = (direction - 1) % 4
    choose = (keys[second] == keys[at]) & (second > at) & (direction[order[second]] == left)
    return order[np.where(choose, second, at)]


def _chains(following: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Members of the cycles of a permutation, each from its lowest, lowest first; and where each cycle begins."""
    successor = following.tolist()
    seen = bytearray(len(successor))
    order: list[int] = []
    first: list[int] = []
    for lowest in range(len(successor)):
        if seen[lowest]:
            continue
        first.append(len(order))
        at = lowest
        while not seen[at]:
            seen[at] = 1
            order.append(at)
            at = successor[at]
    return np.array(order, np.int64), np.array(first, np.int64)


def with_seams(polygon: Polygon) -> Ring:
    """Return one ring for a polygon with holes: each hole hangs on the ring above it by a line that is drawn twice.

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
