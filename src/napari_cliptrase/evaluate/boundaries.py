"""How well the boundaries of labels agree with the truth: IoU of classes in a narrow band along the boundaries."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.evaluate.confusion import ratio
from napari_cliptrase.refine.limits import boundary_band

BOUNDARY_BAND = 2


@dataclass(frozen=True)
class BoundaryCounts:
    """Pixels within ``BOUNDARY_BAND`` pixels of a boundary that both have (``both``) and that one has (``either``).

    Both are (C,) int64.
    This is Boundary IoU (Cheng et al. 2021); the border of the image is not a boundary.
    """

    both: NDArray[np.int64]
    either: NDArray[np.int64]

    def __add__(self, other: "BoundaryCounts") -> "BoundaryCounts":
        return BoundaryCounts(self.both + other.both, self.either + other.either)

    @classmethod
    def of(cls, truth: LabelArray, found: LabelArray, classes: int) -> "BoundaryCounts":
        """Compare labels ``found`` (H, W) with ``truth`` (H, W) for the ids 0 … ``classes`` - 1."""
        true_band, found_band = boundary_band(truth, BOUNDARY_BAND), boundary_band(found, BOUNDARY_BAND)
        both = _pixels_by_class(truth[(truth == found) & true_band & found_band], classes)
        either = _pixels_by_class(truth[true_band], classes) + _pixels_by_class(found[found_band], classes) - both
        return cls(both, either)

    @property
    def iou(self) -> NDArray[np.float64]:
        """(C,) boundary IoU of each class, NaN where neither has a boundary of it."""
        return ratio(self.both, self.either)


def _pixels_by_class(labels: LabelArray, classes: int) -> NDArray[np.int64]:
    return np.bincount(labels.ravel().astype(np.int64), minlength=classes)[:classes]
