"""How often each class was taken for each other one, and the scores that follow from it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.demo.words import NAMES


def _empty() -> NDArray[np.int64]:
    return np.zeros((1 + len(NAMES), 1 + len(NAMES)), np.int64)


@dataclass(frozen=True)
class Confusion:
    """Pixels by true class (rows) and found class (columns); 0 is background, which the painted world never has."""

    pixels: NDArray[np.int64] = field(default_factory=_empty)

    def add(self, truth: NDArray[np.integer], found: NDArray[np.integer]) -> None:
        """Count the pixels of one picture: both (H, W) class ids."""
        size = len(self.pixels)
        both = truth.astype(np.int64).ravel() * size + found.ravel()
        self.pixels[...] += np.bincount(both, minlength=size * size).reshape(size, size)

    @property
    def accuracy(self) -> float:
        """Share of pixels that are right."""
        return float(np.trace(self.pixels) / max(self.pixels.sum(), 1))

    @property
    def ious(self) -> dict[str, float]:
        """Intersection over union of each class that occurs."""
        hit, truth, found = np.diag(self.pixels), self.pixels.sum(1), self.pixels.sum(0)
        return {
            name: float(hit[i] / (truth[i] + found[i] - hit[i]))
            for i, name in enumerate(NAMES, start=1)
            if truth[i] > 0
        }

    @property
    def mean_iou(self) -> float:
        """Mean intersection over union of the classes that occur."""
        return float(np.mean(list(self.ious.values()))) if self.ious else 0.0

    def mistakes(self, count: int = 5) -> list[tuple[str, str, float]]:
        """Return the most frequent mistakes: true class, found class, share of the true class."""
        wrong = self.pixels / np.maximum(self.pixels.sum(1, keepdims=True), 1)
        np.fill_diagonal(wrong, 0)
        order = np.argsort(wrong, axis=None)[::-1][:count]
        names = ("nothing", *NAMES)
        pairs = (divmod(int(i), len(wrong)) for i in order)
        return [(names[true], names[found], float(wrong[true, found])) for true, found in pairs]
