"""How often each class was taken for each other one, and the scores that follow from these counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.errors import CliptraseError


class LabelIdError(CliptraseError):
    """A label image holds an id that no class has."""


@dataclass(frozen=True, eq=False)
class Confusion:
    """Pixels by true class and found class, summed up image by image; its size does not depend on how many there are.

    ``names[i]`` is the class with the id ``i``; ``pixels`` (n, n) int64 has true classes in rows, found in columns.
    """

    names: tuple[str, ...]
    pixels: NDArray[np.int64]

    @classmethod
    def of(cls, names: Sequence[str]) -> "Confusion":
        """Return an empty count for these classes."""
        return cls(tuple(names), np.zeros((len(names), len(names)), np.int64))

    def add(self, truth: NDArray[np.integer], found: NDArray[np.integer], void: int | None = None) -> None:
        """Count one image: class ids ``truth`` (H, W) and ``found`` (H, W); ``void`` in the truth does not count."""
        if truth.shape != found.shape:
            raise CliptraseError(f"The truth has {truth.shape} pixels, the labels have {found.shape}; they must agree.")
        if void is not None:
            counted = truth != void
            truth, found = truth[counted], found[counted]
        size = len(self.names)
        for what, labels in (("truth", truth), ("labels", found)):
            beyond = labels[(labels < 0) | (labels >= size)]
            if beyond.size:
                ids = ", ".join(str(i) for i in np.unique(beyond)[:5])
                raise LabelIdError(
                    f"The {what} hold the id {ids}, but the classes end at {size - 1}; nothing is counted."
                )
        pairs = truth.astype(np.int64).ravel() * size + found.ravel()
        self.pixels[...] += np.bincount(pairs, minlength=size * size).reshape(size, size)

    def __add__(self, other: "Confusion") -> "Confusion":
        if self.names != other.names:
            raise CliptraseError("Counts of different classes cannot be added.")
        return Confusion(self.names, self.pixels + other.pixels)

    @property
    def true_pixels(self) -> NDArray[np.int64]:
        """(n,) int64 pixels that are of each class in truth."""
        return np.asarray(self.pixels.sum(1))

    @property
    def iou(self) -> NDArray[np.float64]:
        """(n,) intersection over union of each class, NaN where neither the truth nor the labels have it."""
        hit = np.diag(self.pixels)
        return ratio(hit, self.true_pixels + self.pixels.sum(0) - hit)

    @property
    def accuracy(self) -> float:
        """Share of pixels that are right."""
        return float(np.trace(self.pixels) / max(self.pixels.sum(), 1))

    @property
    def iou_by_name(self) -> dict[str, float]:
        """Intersection over union of each class that occurs in the truth."""
        return {name: float(self.iou[i]) for i, name in enumerate(self.names) if self.true_pixels[i] > 0}

    @property
    def mean_iou(self) -> float:
        """Mean intersection over union of the classes that occur in the truth."""
        return float(self.iou[self.true_pixels > 0].mean()) if self.true_pixels.any() else 0.0

    def mistakes(self, count: int = 5) -> list[tuple[str, str, float]]:
        """Return the most frequent mistakes: true class, found class, share of the true class."""
        wrong = self.pixels / np.maximum(self.pixels.sum(1, keepdims=True), 1)
        np.fill_diagonal(wrong, 0)
        order = np.argsort(wrong, axis=None)[::-1][:count]
        pairs = (divmod(int(i), len(wrong)) for i in order)
        return [(self.names[true], self.names[found], float(wrong[true, found])) for true, found in pairs]


def ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide (n,) counts by (n,) counts; NaN where ``whole`` is 0."""
    return np.asarray(np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0))
