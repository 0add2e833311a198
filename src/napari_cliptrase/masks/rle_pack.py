"""The bit-packed run lengths of Label Studio's brush: every pixel four times (red, green, blue, alpha), 0 or 255.

A header of 32 bits of length, 5 bits of word size and four sizes of 4 bits each; then blocks of 1 bit (run or not),
2 bits (which size), the length less one, and the value.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.masks.pixel_runs import Ints

_SIZES = (3, 4, 8, 16)
_HEAD_BITS = 5 + 4 * 4


def pack(counts: Ints) -> list[int]:
    """Return the bytes for alternating run lengths of pixels, outside first."""
    lengths = 4 * np.asarray(counts, np.int64)
    values = np.arange(len(lengths)) % 2 * 255
    top = 1 << _SIZES[-1]
    pieces = -(-lengths // top)  # a run longer than the longest block becomes several, an empty one none
    values = np.repeat(values, pieces)
    rest = np.repeat(lengths - (pieces - 1) * top, pieces)
    last = np.zeros(len(values), bool)
    last[np.cumsum(pieces)[pieces > 0] - 1] = True
    lengths = np.where(last, rest, top)
    size = np.searchsorted([1 << bits for bits in _SIZES], lengths)
    bits = np.array(_SIZES)[size]
    words = (np.int64(1) << 2 | size) << bits | (lengths - 1)
    words = words << 8 | values
    body = _to_bits(words, 3 + bits + 8)
    head = _to_bits(np.array([int(4 * np.sum(counts)), 7, *(b - 1 for b in _SIZES)]), np.array([32, 5, 4, 4, 4, 4]))
    return list(np.packbits(np.concatenate((head, body))).tolist())


def _to_bits(words: NDArray[np.int64], widths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Bits of each word, its highest of ``widths`` bits first, one after the other."""
    widest = int(widths.max())
    shifts = np.arange(widest - 1, -1, -1)
    bits = (words[:, None] >> shifts & 1).astype(np.uint8)
    return bits[shifts < widths[:, None]]


def unpack(data: Sequence[int]) -> NDArray[np.uint8]:
    """Return the flat values that a packed list describes; ValueError when it ends too early."""
    bits = np.unpackbits(np.asarray(data, np.uint8))
    at = 0

    def read(width: int) -> int:
        nonlocal at
        if at + width > len(bits):
            raise ValueError("its brush run lengths end too early")
        value = int.from_bytes(np.packbits(bits[at : at + width]).tobytes(), "big") >> (-width % 8)
        at += width
        return value

    size, word = read(32), read(5) + 1
    widths = [read(4) + 1 for _ in range(4)]
    parts: list[NDArray[np.uint8]] = []
    filled = 0
    while filled < size:
        run, length = read(1), read(widths[read(2)]) + 1
        part = [read(word)] * length if run else [read(word) for _ in range(length)]
        parts.append(np.asarray(part, np.uint8))
        filled += length
    return np.concatenate(parts)[:size] if parts else np.empty(0, np.uint8)
