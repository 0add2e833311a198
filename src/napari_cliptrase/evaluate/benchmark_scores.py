"""The four figures that benchmarks of semantic segmentation print, and the published code's own variant of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_cliptrase.evaluate.confusion import Confusion, ratio

SMOOTHING: Final = 0.01  # what the published code adds to each denominator


@dataclass(frozen=True)
class BenchmarkScores:
    """Shares from 0 to 1: of right pixels, of right pixels per class, and two means of IoU over classes."""

    pixel_accuracy: float
    mean_accuracy: float
    frequency_weighted_iou: float
    mean_iou: float

    @classmethod
    def of(cls, confusion: Confusion) -> "BenchmarkScores":
        """Score as the field does: a class that the truth never has counts in no mean."""
        true_pixels = confusion.true_pixels
        present = true_pixels > 0
        if not present.any():
            return cls(0.0, 0.0, 0.0, 0.0)
        accuracies = ratio(np.diag(confusion.pixels), true_pixels)[present]
        ious = confusion.iou[present]
        weights = true_pixels[present] / true_pixels.sum()
        return cls(confusion.accuracy, float(accuracies.mean()), float((weights * ious).sum()), float(ious.mean()))

    @classmethod
    def as_published(cls, confusion: Confusion) -> "BenchmarkScores":
        """Score as the published code of CLIPtrase does, to compare with the paper's tables.

        It adds 0.01 to denominators, and classes that the truth never has lower the mean accuracy (they count as 0) but
        not the mean IoU.
        """
        hit, true_pixels, found = np.diag(confusion.pixels), confusion.true_pixels, confusion.pixels.sum(0)
        ious = hit / (true_pixels + found - hit + SMOOTHING)
        accuracies = hit / (true_pixels + SMOOTHING)
        present = true_pixels > 0
        weights = true_pixels / max(int(true_pixels.sum()), 1)
        return cls(
            confusion.accuracy,
            float(accuracies.mean()),
            float((weights * ious).sum()),
            float(ious[present].mean()) if present.any() else 0.0,
        )
