"""Painted nuclei, slice by slice: small things in a look that the demo model does not know."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from napari_cliptrase.demo.cells import CellStack, paint_cells
from napari_cliptrase.evaluate.held_out import held_out
from napari_cliptrase.evaluate.labelled_images import LabelledImage

SLICES: Final = (3, 8, 1, 2, 4, 5, 6, 7, 9, 10)
"""Slices of each stack, in the order of a folder: those that are corrected first lie apart."""


@dataclass(frozen=True)
class PaintedCells:
    """Slices of painted stacks, each shown as one gray channel of nuclei.

    Attributes
    ----------
    first, count
        The seed of the first stack, and how many slices; each stack has ten.
    """

    first: int = 0
    count: int = 10

    def __post_init__(self) -> None:
        held_out(self.first, -(-self.count // len(SLICES)))

    @property
    def title(self) -> str:
        """Their name, for people."""
        return "Painted cells"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return ("nucleus", "dark ground")

    @property
    def background(self) -> bool:
        """The ground is a class like the other."""
        return False

    def names(self) -> Sequence[str]:
        """Names of all slices."""
        return [
            f"stack {self.first + number // len(SLICES)} slice {SLICES[number % len(SLICES)]}"
            for number in range(self.count)
        ]

    def read(self, name: str) -> LabelledImage:
        """Paint a slice."""
        _, stack, _, number = name.split()
        painted = _stack(int(stack))
        nuclei = painted.channels[0]
        low, high = np.percentile(nuclei, (0.5, 99.5))
        gray = np.clip((nuclei[int(number)] - low) / (high - low), 0, 1) * 255
        truth = np.where(painted.nuclei[int(number)] > 0, 0, 1).astype(np.int32)
        return LabelledImage(np.repeat(gray.astype(np.uint8)[..., None], 3, axis=2), truth)

    def record(self) -> dict[str, Any]:
        """Return what tells these slices from others; more of them can be added later."""
        return {"kind": "painted cells"}


@lru_cache(maxsize=2)
def _stack(seed: int) -> CellStack:
    return paint_cells(seed)
