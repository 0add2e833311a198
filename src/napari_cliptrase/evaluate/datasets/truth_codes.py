"""What the numbers in a mask file mean, by the way a data set writes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

VOID: Final = -1
"""Nobody knows, or it does not matter."""
OTHER_CLASS: Final = -2
"""Something that none of the classes names."""
BEYOND: Final = -3
"""A number that the data set does not know."""

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class TruthCode:
    """How a file numbers classes.

    Attributes
    ----------
    first
        The number of the first class, when they follow each other.
    table
        Index of the class by its number instead, when they do not; or when the file's numbers are known only once the
        data set was looked at.
    other, void
        Numbers of pixels of no class, and of pixels that are not scored.
    """

    first: int = 0
    table: Mapping[int, int] | None = field(default=None, hash=False)
    other: tuple[int, ...] = ()
    void: tuple[int, ...] = ()

    def decode(self, raw: NDArray[np.integer], classes: int) -> tuple[Codes, dict[int, int]]:
        """Return (H, W) int32 index of the class, `VOID` or `OTHER_CLASS`, and the pixels by numbers that mean nothing.

        These are `BEYOND` in the indices.
        """
        table = {self.first + index: index for index in range(classes)} if self.table is None else dict(self.table)
        table |= dict.fromkeys(self.other, OTHER_CLASS) | dict.fromkeys(self.void, VOID)
        numbers, place = np.unique(raw, return_inverse=True)
        indices = np.asarray([table.get(int(number), BEYOND) for number in numbers], np.int32)
        pixels = np.bincount(place.ravel(), minlength=len(numbers))
        beyond = {
            int(number): int(count)
            for number, index, count in zip(numbers, indices, pixels, strict=True)
            if index == BEYOND
        }
        return indices[place].reshape(raw.shape), beyond


_COCO_GAPS: Final = (11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90)
"""Numbers below 182 that no class of COCO-Stuff has."""

COCO_NUMBERS: Final[Mapping[int, int]] = {
    number: index for index, number in enumerate(n for n in range(182) if n not in _COCO_GAPS)
}
"""COCO-Stuff's own numbers, counted from 0 as its masks do, to the 171 classes."""

_SCORED_IN_CITYSCAPES: Final = (7, 8, 11, 12, 13, 17, *range(19, 29), 31, 32, 33)

CITYSCAPES_NUMBERS: Final[Mapping[int, int]] = {number: index for index, number in enumerate(_SCORED_IN_CITYSCAPES)}
"""Cityscapes' own numbers (labelIds) to the 19 classes that are scored."""

CITYSCAPES_UNSCORED: Final = (*(n for n in range(34) if n not in _SCORED_IN_CITYSCAPES), 255)
