"""Run-length encoding of label arrays: one pass gives the runs of every class, without a mask per class."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.masks.label_image import Labels

Ints = NDArray[np.int64]
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class ValueRuns:
    """All runs of one value in a flattened plane.

    ``starts`` (ascending) and ``lengths`` are (n,) int32, or int64 for planes of more than 2³¹ pixels. ``line`` is the
    length of a line of the flattening: H when it goes down the columns (COCO), W when it goes along the rows (CVAT,
    Label Studio); ``size`` is H·W.
    """

    value: int
    starts: NDArray[np.signedinteger]
    lengths: NDArray[np.signedinteger]
    line: int
    size: int

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(self.lengths.sum())

    def counts(self) -> Ints:
        """Alternating lengths of outside and inside runs, outside first (0 when the first pixel is inside)."""
        counts = np.empty(2 * len(self.starts) + 1, np.int64)
        ends = self.starts + self.lengths
        counts[1::2] = self.lengths
        counts[0] = self.starts[0]
        counts[2:-1:2] = self.starts[1:] - ends[:-1]
        counts[-1] = self.size - ends[-1]
        return counts if counts[-1] else counts[:-1]

    def extent(self) -> tuple[int, int, int, int]:
        """First and one-past-last line, first and one-past-last position within the lines."""
        lasts = self.starts + self.lengths - 1
        first, last = self.starts // self.line, lasts // self.line
        whole = bool((first != last).any())
        low = 0 if whole else int((self.starts % self.line).min())
        high = self.line if whole else int((lasts % self.line).max()) + 1
        return int(first[0]), int(last[-1]) + 1, low, high


def column_runs(plane: Labels) -> Iterator[ValueRuns]:
    """Yield the runs down the columns of each non-zero value of a (H, W) plane, values ascending."""
    return _runs(plane.T)


def row_runs(plane: Labels) -> Iterator[ValueRuns]:
    """Yield the runs along the rows of each non-zero value of a (H, W) plane, values ascending."""
    return _runs(plane)


def _runs(lines: Labels) -> Iterator[ValueRuns]:
    count, line = lines.shape
    size = count * line
    step = max(1, _BLOCK // line)
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
    values, starts, lengths = values[order], starts[order], lengths[order]
    bounds = np.flatnonzero(values[1:] != values[:-1]) + 1
    for begin, end in pairwise([0, *bounds.tolist(), len(values)] if len(values) else []):
        yield ValueRuns(int(values[begin]), starts[begin:end], lengths[begin:end], line, size)


def mask_of(counts: Ints, size: int) -> NDArray[np.bool_]:
    """Return the (size,) mask that alternating ``counts`` describe; ValueError when the lengths do not add up."""
    counts = np.asarray(counts, np.int64)
    total = int(counts.sum())
    if total != size or (len(counts) and int(counts.min()) < 0):
        raise ValueError(f"its run lengths sum to {total} instead of {size} pixels")
    inside = np.zeros(len(counts), bool)
    inside[1::2] = True
    return np.repeat(inside, counts)


def pack_counts(counts: Ints) -> str:
    """Return the compressed COCO string of run lengths: differences to the length two before, five bits a character."""
    values = np.array(counts, np.int64)
    values[3:] -= counts[1:-2]
    columns, present = [], []
    more = np.ones(len(values), bool)
    while more.any():
        bits = values & 0x1F
        values = values >> 5
        present.append(more)
        done = np.where(bits & 0x10, values == -1, values == 0)
        columns.append(bits | np.where(done, 0, 0x20))
        more = more & ~done
    characters = (np.stack(columns, 1) + 48).astype(np.uint8)
    return str(characters[np.stack(present, 1)].tobytes(), "ascii")


def unpack_counts(text: str) -> Ints:
    """Return the run lengths of a compressed COCO string; ValueError when it is not one."""
    codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    if len(codes) == 0:
        return np.empty(0, np.int64)
    if codes.min() < 0 or codes.max() > 63 or codes[-1] & 0x20:
        raise ValueError("its counts string is damaged")
    last = (codes & 0x20) == 0
    first = np.concatenate(([0], np.flatnonzero(last)[:-1] + 1))
    position = np.arange(len(codes)) - np.repeat(first, np.diff(first, append=len(codes)))
    values = np.add.reduceat((codes & 0x1F) << (5 * position), first)
    length = np.diff(first, append=len(codes))
    negative = (codes[last] & 0x10) != 0
    values = np.where(negative, values - (np.int64(1) << (5 * length)), values)
    # each length is a difference to the one two before, from the fourth on: two interleaved running sums
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def rle_mask(segmentation: Mapping[str, Any], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) mask of a run-length segmentation."""
    height, width = map(int, segmentation["size"])
    if (height, width) != shape:
        raise ValueError(f"a mask of {height} × {width} pixels belongs to an image of {shape[0]} × {shape[1]}")
    counts = segmentation["counts"]
    lengths = unpack_counts(counts) if isinstance(counts, str) else np.asarray(counts, np.int64)
    return mask_of(lengths, height * width).reshape(width, height).T
