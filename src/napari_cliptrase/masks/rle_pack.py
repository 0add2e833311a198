"""The bit-packed run lengths of Label Studio's brush: every pixel four times (red, green, blue, alpha), 0 or 255.

A header of 32 bits of length, 5 bits of word size and four sizes of 4 bits each; then blocks of 1 bit (run or not),
2 bits (which size), the length less one, and the value.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.pixel_runs import Ints

_SIZES = (3, 4, 8, 16)
_HEAD = 32 + 5 + 4 * 4
_LONG = 1 << 12
_WINDOW = (1 << 64) - 1
_TOO_SHORT = "its brush run lengths end too early"


def pack(counts: Ints) -> list[int]:
    """Return the bytes for alternating run lengths of pixels, outside first."""
    lengths = 4 * np.asarray(counts, np.int64)
    if int(lengths.sum()) >= 1 << 32:
        raise MaskFormatError("Label Studio allows masks of at most 1,073,741,823 pixels; choose another format.")
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


def unpack(data: Sequence[int], pixels: int) -> tuple[Ints, Ints]:
    """Starts and lengths of the runs of opaque pixels; ValueError unless the list holds ``pixels`` of them."""
    content = _bytes(data)
    held = 8 * len(content)
    if held < _HEAD:
        raise ValueError(_TOO_SHORT)
    head = int.from_bytes(content[: _HEAD // 8 + 1], "big") >> (-_HEAD % 8)
    size, word = head >> 21, (head >> 16 & 31) + 1
    if size != 4 * pixels:
        raise ValueError(f"its brush run lengths hold {size // 4:,} instead of {pixels:,} pixels")
    widths = [(head >> shift & 15) + 1 for shift in (12, 8, 4, 0)]
    padded = content + bytes(8)
    eights: dict[tuple[int, int], bytes] = {}
    at, filled = _HEAD, 0
    values: list[int] = []
    lengths: list[int] = []
    while filled < size:
        # the 57 bits or more that follow hold every block of a run
        ahead = int.from_bytes(padded[at >> 3 : (at >> 3) + 8], "big") << (at & 7) & _WINDOW
        width = widths[ahead >> 61 & 3]
        length = (ahead >> (61 - width) & ((1 << width) - 1)) + 1
        if ahead >> 63:
            bits = 3 + width + word
            block = ahead >> (64 - bits)
            times = 1
            if length >= _LONG and size - filled >= 8 * length:
                times = _times(content, at, block, bits, eights)
            at += times * bits
            length *= times
            values.append(block & ((1 << word) - 1))
            lengths.append(length)
        else:
            at += 3 + width + length * word
            if at <= held:
                values += _literal(content, at - length * word, length, word)
                lengths += [1] * length
        if at > held:
            raise ValueError(_TOO_SHORT)
        filled += length
    # of the four values of a pixel only the last, its opacity, counts
    bounds = np.minimum(np.concatenate(([0], np.cumsum(np.array(lengths, np.int64)))), size) // 4
    starts, counts = bounds[:-1], np.diff(bounds)
    some = (counts > 0) & (np.array(values, np.int64) > 0)
    return starts[some], counts[some]


def _times(content: bytes, at: int, block: int, bits: int, eights: dict[tuple[int, int], bytes]) -> int:
    """Return how often a block of ``bits`` bits stands one after the other, from bit ``at``: once, or 8, 16, … times.

    A gap of a million pixels is some sixty equal blocks. Eight of them fill whole bytes, which are compared at once;
    ``eights`` keeps these bytes for the next gap.
    """
    skipped = -at % 8
    eight = eights.get((block, skipped))
    if eight is None:
        nine = 0
        for _ in range(9):
            nine = nine << bits | block
        eight = (nine >> (bits - skipped) & ((1 << 8 * bits) - 1)).to_bytes(bits, "big")
        eights[block, skipped] = eight
    begin = first = (at + skipped) // 8
    while content[begin : begin + bits] == eight:
        begin += bits
    return max(1, 8 * ((begin - first) // bits))


def _literal(content: bytes, at: int, length: int, word: int) -> list[int]:
    """Values that stand one after the other, from a bit on."""
    end = at + length * word
    bits = np.unpackbits(np.frombuffer(content[at // 8 : (end + 7) // 8], np.uint8))[at % 8 :][: length * word]
    weights = np.int64(1) << np.arange(word - 1, -1, -1)
    values: list[int] = (bits.reshape(length, word) @ weights).tolist()
    return values


def _bytes(data: Sequence[int]) -> bytes:
    try:
        return bytes(list(data))
    except (TypeError, ValueError):
        raise ValueError("its brush run lengths are not a list of numbers from 0 to 255") from None
