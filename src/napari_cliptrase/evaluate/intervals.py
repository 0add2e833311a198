"""How sure a mean IoU is: what drawing other images of the same kind would give (bootstrap)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from napari_cliptrase.evaluate.class_counts import ImageCounts

RESAMPLES: Final = 1000
_BOUNDS: Final = (2.5, 97.5)


@dataclass(frozen=True)
class Interval:
    """A score in percent, or a difference of scores in points, and the bounds of its 95 % interval."""

    score: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.score:.1f} ({self.low:.1f} to {self.high:.1f})"


@dataclass(frozen=True, eq=False)
class ImageTable:
    """Pixels by image and class, as sparse (images, classes) tables: ``hit`` right ones, ``true`` and ``either``."""

    hit: csr_array
    true: csr_array
    either: csr_array

    @classmethod
    def of(cls, images: Iterable[ImageCounts], classes: int) -> "ImageTable":
        """Make the tables of images."""
        parts: dict[str, list[tuple[int, int, int]]] = {"hit": [], "true": [], "found": []}
        count = 0
        for count, image in enumerate(images, start=1):
            for true, found, pixels in image.pairs.tolist():
                parts["true"].append((count - 1, true, pixels))
                if found < classes:
                    parts["found"].append((count - 1, found, pixels))
                if true == found:
                    parts["hit"].append((count - 1, true, pixels))
        hit, true_pixels, found_pixels = (_table(entries, (count, classes)) for entries in parts.values())
        return cls(hit, true_pixels, true_pixels + found_pixels - hit)

    @property
    def images(self) -> int:
        """How many there are."""
        return int(self.hit.shape[0])

    def mean_iou(self, weights: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """(draws,) mean IoU over the classes that occur, images counted as often as ``weights`` (draws, images) say."""
        chosen = np.ones((1, self.images), np.int64) if weights is None else weights
        hit, true, either = (np.asarray(chosen @ table) for table in (self.hit, self.true, self.either))
        present = true > 0
        iou = np.divide(hit, either, out=np.zeros(hit.shape), where=either > 0)
        return np.asarray((iou * present).sum(1) / np.maximum(present.sum(1), 1))


def draw_images(images: int, draws: int = RESAMPLES, seed: int = 0) -> NDArray[np.int64]:
    """(draws, images) how often each image is drawn when as many are drawn, with repetition."""
    return np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=draws)


def interval(table: ImageTable) -> Interval:
    """Mean IoU in percent with its interval."""
    if not table.images:
        return Interval(0.0, 0.0, 0.0)
    return _bounds(float(table.mean_iou()[0]), table.mean_iou(draw_images(table.images)))


def interval_of_difference(before: ImageTable, after: ImageTable) -> Interval:
    """Points of mean IoU that ``after`` has more than ``before``; both hold the same images, drawn together."""
    weights = draw_images(before.images)
    difference = float((after.mean_iou() - before.mean_iou())[0])
    return _bounds(difference, after.mean_iou(weights) - before.mean_iou(weights))


def _bounds(score: float, drawn: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(drawn, _BOUNDS)
    return Interval(100 * score, 100 * float(low), 100 * float(high))


def _table(entries: list[tuple[int, int, int]], shape: tuple[int, int]) -> csr_array:
    rows, columns, pixels = np.asarray(entries, np.int64).reshape(-1, 3).T
    return csr_array((pixels, (rows, columns)), shape=shape)  # entries of the same place add up
