"""Colours of classes: the VOC table that other tools expect, and a table of clearly distinct colours."""

from typing import Final

RGB = tuple[int, int, int]

# Twenty hues that are distinct on light and dark backgrounds and for most colour-blind people, in the order of use.
DISTINCT: Final[tuple[str, ...]] = (
    "#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#42d4f4", "#f032e6", "#bfef45", "#fabed4", "#469990",
    "#dcbeff", "#9a6324", "#fffac8", "#800000", "#aaffc3", "#808000", "#ffd8b1", "#000075", "#ffe119", "#a9a9a9",
)  # fmt: skip


def voc_color(index: int) -> RGB:
    """Colour of ``index`` in the palette of PASCAL VOC (the bits of the index spread over the three channels)."""
    red = green = blue = 0
    for shift in range(7, -1, -1):
        red |= (index & 1) << shift
        green |= (index >> 1 & 1) << shift
        blue |= (index >> 2 & 1) << shift
        index >>= 3
    return red, green, blue


def class_color(class_id: int) -> RGB:
    """Default colour of class ``class_id`` (from 1): the distinct table first, VOC's beyond it."""
    if 1 <= class_id <= len(DISTINCT):
        return parse_hex(DISTINCT[class_id - 1])
    return voc_color(class_id)


def parse_hex(text: str) -> RGB:
    """Read ``#rrggbb`` (or ``#rgb``); raise ValueError for anything else."""
    digits = text.strip().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) != 6 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        raise ValueError(f"{text!r} is not a colour; write it as #rrggbb")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def to_hex(color: RGB) -> str:
    """Write a colour as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*color)
