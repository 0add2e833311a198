"""Runs of pixels in a flattened plane: one pass over a label array gives those of every class or object."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray

Ints = NDArray[np.int64]
BLOCK = 1 << 20
INDICES_AT_ONCE = 1 << 17


class Order(StrEnum):
    """Direction in which a plane is flattened."""

    COLUMNS = "columns"
    ROWS = "rows"


@dataclass(frozen=True, eq=False)
class ValueRuns:
    """All runs of one value in a flattened plane.

    Attributes
    ----------
    starts, lengths
        (n,) int32, or int64 for planes of more than 2³¹ pixels; ascending.
    line
        Length of a line of the flattening: H when it goes down the columns (COCO), W when it goes along the rows (CVAT,
        Label Studio).
    size
        H·W.
    area
        Number of pixels.
    extent
        First and one-past-last line, first and one-past-last position within the lines.
    """

    value: int
    starts: NDArray[np.signedinteger]
    lengths: NDArray[np.signedinteger]
    line: int
    size: int
    area: int
    extent: tuple[int, int, int, int]

    def counts(self) -> Ints:
        """Alternating lengths of outside and inside runs, outside first (0 when the first pixel is inside)."""
        return alternating(self.starts, self.lengths, self.size)

    def crop_counts(self) -> Ints:
        """Like `counts`, within the box around the runs."""
        first, last, low, high = self.extent
        line, at = np.divmod(self.starts.astype(np.int64), self.line)
        return alternating((line - first) * (high - low) + at - low, self.lengths, (last - first) * (high - low))


def alternating(starts: NDArray[np.signedinteger], lengths: NDArray[np.signedinteger], size: int) -> Ints:
    """Return alternating lengths, int64, of outside and inside runs of ``size`` pixels; runs that touch become one.

    ``starts`` and ``lengths`` are (runs,), ascending and without overlap.
    """
    ends = starts + lengths
    apart = starts[1:] != ends[:-1]
    if not apart.all():
        starts, ends = starts[np.append(True, apart)], ends[np.append(apart, True)]
    counts = np.empty(2 * len(starts) + 1, np.int64)
    counts[1::2] = ends - starts
    counts[0] = starts[0]
    counts[2:-1:2] = starts[1:] - ends[:-1]
    counts[-1] = size - ends[-1]
    return counts if counts[-1] else counts[:-1]


def column_runs(plane: LabelArray) -> Iterator[ValueRuns]:
    """Yield the runs down the columns of each non-zero value of a (H, W) plane, values ascending."""
    return _runs(plane.T)


def row_runs(plane: LabelArray) -> Iterator[ValueRuns]:
    """Yield the runs along the rows of each non-zero value of a (H, W) plane, values ascending."""
    return _runs(plane)


def _runs(lines: LabelArray) -> Iterator[ValueRuns]:
    count, line = lines.shape
    size = count * line
    values, starts, lengths = _sorted_runs(lines)
    if not len(values):
        return
    first = np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))
    lasts = starts + lengths - 1
    low_line, high_line = starts // line, lasts // line
    areas = np.add.reduceat(lengths, first, dtype=np.int64).tolist()
    over_ends = np.logical_or.reduceat(low_line != high_line, first).tolist()
    lowest = np.minimum.reduceat(starts % line, first).tolist()
    highest = np.maximum.reduceat(lasts % line, first).tolist()
    bounds = [*first.tolist(), len(values)]
    first_lines, last_lines = low_line[first].tolist(), high_line[np.array(bounds[1:]) - 1].tolist()
    of_value = values[first].tolist()
    for number, (begin, end) in enumerate(pairwise(bounds)):
        low, high = (0, line - 1) if over_ends[number] else (lowest[number], highest[number])
        extent = first_lines[number], last_lines[number] + 1, low, high + 1
        yield ValueRuns(of_value[number], starts[begin:end], lengths[begin:end], line, size, areas[number], extent)


def _sorted_runs(
    lines: LabelArray,
) -> tuple[LabelArray, NDArray[np.signedinteger], NDArray[np.signedinteger]]:
    """Values, starts and lengths of the runs of all values other than 0, sorted by value and start."""
    count, line = lines.shape
    size = count * line
    step = max(1, BLOCK // line)
    kind = np.int32 if size < 2**31 else np.int64
    starts_of, values_of = [], []
    previous: int | None = None
    for first in range(0, count, step):
        flat = np.ascontiguousarray(lines[first : first + step]).reshape(-1)
        change = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        if previous is None or int(flat[0]) != previous:
            change = np.concatenate(([0], change))
        starts_of.append((change + first * line).astype(kind))
        values_of.append(flat[change])
        previous = int(flat[-1])
    starts = np.concatenate(starts_of)
    values = np.concatenate(values_of)
    lengths = np.diff(starts, append=kind(size))
    inside = np.flatnonzero(values)
    order = inside[np.argsort(values[inside], kind="stable")]
    return values[order], starts[order], lengths[order]


def mask_runs(inside: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Starts and lengths, (runs,) int64 each, of the runs of a flat mask (pixels,)."""
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if len(inside) and inside[0]:
        edges = np.concatenate(([0], edges))
    if len(inside) and inside[-1]:
        edges = np.append(edges, len(inside))
    return edges[::2], edges[1::2] - edges[::2]


def runs_of_crop(
    starts: Ints, lengths: Ints, crop: tuple[int, int, int, int], shape: tuple[int, int]
) -> tuple[Ints, Ints]:
    """Runs of an (H, W) image from runs of a flattened crop (x, y, width, height) of it, cut at the ends of lines."""
    x, y, width, height = crop
    if min(x, y) < 0 or min(width, height) < 1 or x + width > shape[1] or y + height > shape[0]:
        raise ValueError(f"a mask of {width} × {height} pixels at {x}, {y} lies outside its image")
    ends = starts + lengths
    first = starts // width
    lines = (ends - 1) // width - first + 1
    if len(lines) and lines.max() == 1:  # as in most small masks
        return starts + first * (shape[1] - width) + (y * shape[1] + x), lengths
    run = np.repeat(np.arange(len(starts)), lines)
    line = np.arange(len(run)) - np.repeat(np.cumsum(lines) - lines, lines) + first[run]
    begin, end = np.maximum(starts[run], line * width), np.minimum(ends[run], (line + 1) * width)
    return (line + y) * shape[1] + begin - line * width + x, end - begin


def runs_of_counts(counts: Ints, size: int) -> tuple[Ints, Ints]:
    """Starts and lengths of the inside runs of alternating ``counts``; ValueError unless they fill ``size`` pixels."""
    if len(counts) and int(counts.min()) < 0:
        raise ValueError(f"it holds a run of {int(counts.min()):,} pixels")
    ends = np.cumsum(counts)
    # lengths above the size of the image could wrap around to a sum that fits
    total = int(ends[-1]) if len(ends) and int(counts.max()) <= size else sum(counts.tolist())
    if total != size:
        raise ValueError(f"its run lengths sum to {total} instead of {size} pixels")
    lengths = counts[1::2]
    starts = ends[1::2] - lengths
    some = lengths > 0
    return (starts, lengths) if some.all() else (starts[some], lengths[some])


def expanded(
    starts: NDArray[np.integer], lengths: NDArray[np.integer], most: int = INDICES_AT_ONCE
) -> Iterator[tuple[Ints, Ints]]:
    """Yield the number of its run and the index of each member of runs (runs,), in order, at most ``most`` at once."""
    ends = np.cumsum(lengths, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    for begin in range(0, total, most):
        end = min(begin + most, total)
        first, last = np.searchsorted(ends, (begin, end - 1), side="right").tolist()
        start = np.asarray(starts[first : last + 1], np.int64).copy()
        length = np.asarray(lengths[first : last + 1], np.int64).copy()
        length[-1] -= int(ends[last]) - end
        skipped = begin - (int(ends[first]) - int(lengths[first]))
        start[0] += skipped
        length[0] -= skipped
        number = np.repeat(np.arange(first, last + 1), length)
        before = np.cumsum(length) - length
        yield number, np.arange(end - begin) + np.repeat(start - before, length)
