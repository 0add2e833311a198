"""The four figures that benchmarks of semantic segmentation print, and the published code's own variant of them."""

from dataclasses import dataclass
from typing import Final

from napari_cliptrase.evaluate.class_counts import ClassCounts
from napari_cliptrase.evaluate.confusion import ratio

SMOOTHING: Final = 0.01  # what the published code adds to each denominator


@dataclass(frozen=True)
class BenchmarkScores:
    """Shares from 0 to 1: of right pixels, of right pixels per class, and two means of IoU over classes."""

    pixel_accuracy: float
    mean_accuracy: float
    frequency_weighted_iou: float
    mean_iou: float

    @classmethod
    def of(cls, counts: ClassCounts) -> "BenchmarkScores":
        """Score as the field does: a class that the truth never has counts in no mean."""
        present = counts.true > 0
        if not present.any():
            return cls(0.0, 0.0, 0.0, 0.0)
        accuracies = ratio(counts.hit, counts.true)[present]
        ious = ratio(counts.hit, counts.true + counts.found - counts.hit)[present]
        weights = counts.true[present] / counts.true.sum()
        return cls(_accuracy(counts), float(accuracies.mean()), float((weights * ious).sum()), float(ious.mean()))

    @classmethod
    def as_published(cls, counts: ClassCounts) -> "BenchmarkScores":
        """Score as the published code of CLIPtrase does, to compare with the paper's tables.

        It adds 0.01 to denominators, and classes that the truth never has lower the mean accuracy (they count as 0) but
        not the mean IoU.
        """
        ious = counts.hit / (counts.true + counts.found - counts.hit + SMOOTHING)
        accuracies = counts.hit / (counts.true + SMOOTHING)
        present = counts.true > 0
        weights = counts.true / max(int(counts.true.sum()), 1)
        return cls(
            _accuracy(counts),
            float(accuracies.mean()),
            float((weights * ious).sum()),
            float(ious[present].mean()) if present.any() else 0.0,
        )


def _accuracy(counts: ClassCounts) -> float:
    return float(counts.hit.sum() / max(counts.true.sum(), 1))
