"""The run lengths of COCO: down the columns, outside first, as a list of numbers or packed into a string.

A packed length is the difference to the length two before it (from the fourth on), in characters of five bits.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_cliptrase.json_file import whole
from napari_cliptrase.masks.pixel_runs import Ints, runs_of_counts

_FEW = 64  # below it, a loop is faster than setting up arrays
_LONGEST = 9  # characters of a length: 45 bits


def pack_counts(counts: Ints) -> str:
    """Return the packed string of alternating run lengths."""
    return _pack_few(counts.tolist()) if len(counts) < _FEW else _pack_many(counts)


def _pack_few(counts: Sequence[int]) -> str:
    text = []
    for number, count in enumerate(counts):
        value = count - counts[number - 2] if number > 2 else count
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            text.append(chr((bits | 0x20 if more else bits) + 48))
    return "".join(text)


def _pack_many(counts: Ints) -> str:
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
    """Return the run lengths of a packed string; ValueError when it is not one."""
    if not text:
        return np.empty(0, np.int64)
    codes = text.encode("ascii", "replace")
    if not text.isascii() or min(codes) < 48 or max(codes) > 111 or (codes[-1] - 48) & 0x20:
        raise ValueError("its counts string is damaged")
    return _unpack_few(codes) if len(codes) < _FEW else _unpack_many(codes)


def _unpack_few(codes: bytes) -> Ints:
    counts: list[int] = []
    value = shift = 0
    for code in codes:
        code -= 48
        value |= (code & 0x1F) << shift
        shift += 5
        if code & 0x20:
            continue
        if shift > 5 * _LONGEST:
            raise ValueError("its counts string is damaged")
        if code & 0x10:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    return np.array(counts, np.int64)


def _unpack_many(codes: bytes) -> Ints:
    digits = np.frombuffer(codes, np.uint8).astype(np.int64) - 48
    last = (digits & 0x20) == 0
    first = np.concatenate(([0], np.flatnonzero(last)[:-1] + 1))
    length = np.diff(first, append=len(digits))
    if int(length.max()) > _LONGEST:
        raise ValueError("its counts string is damaged")
    position = np.arange(len(digits)) - np.repeat(first, length)
    values = np.add.reduceat((digits & 0x1F) << (5 * position), first)
    negative = (digits[last] & 0x10) != 0
    values = np.where(negative, values - (np.int64(1) << (5 * length)), values)
    # each length is a difference to the one two before, from the fourth on: two interleaved running sums
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def rle_runs(segmentation: Mapping[str, Any], shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """Starts and lengths, down the columns, of a run-length segmentation of an image of (H, W) pixels."""
    height, width = (whole(size, "size") for size in segmentation["size"])
    if (height, width) != shape:
        raise ValueError(f"a mask of {height} × {width} pixels belongs to an image of {shape[0]} × {shape[1]}")
    counts = segmentation["counts"]
    return runs_of_counts(unpack_counts(counts) if isinstance(counts, str) else _listed(counts), height * width)


def _listed(counts: Any) -> Ints:
    numbers = np.asarray(counts)
    if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iu"):
        raise ValueError("its run lengths are not a list of whole numbers")
    return numbers.astype(np.int64)
