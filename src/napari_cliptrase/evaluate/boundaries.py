"""How good labels are against the truth: IoU of classes, and IoU of their boundaries in a narrow band."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.refine.limits import boundary_band
from napari_cliptrase.refine.protocol import Labels

BAND = 2


@dataclass(frozen=True)
class Overlaps:
    """Pixels that truth and result share (``both``) and that either has (``either``), for each class, (C,) int64 each.

    ``edge_both`` and ``edge_either`` count only pixels of a class within ``BAND`` pixels of another class (Boundary
    IoU, Cheng et al. 2021; the border of the image is no boundary).
    """

    both: NDArray[np.int64]
    either: NDArray[np.int64]
    edge_both: NDArray[np.int64]
    edge_either: NDArray[np.int64]

    def __add__(self, other: "Overlaps") -> "Overlaps":
        return Overlaps(
            self.both + other.both,
            self.either + other.either,
            self.edge_both + other.edge_both,
            self.edge_either + other.edge_either,
        )

    @property
    def iou(self) -> NDArray[np.float64]:
        """(C,) IoU of each class, NaN where neither has it."""
        return _ratio(self.both, self.either)

    @property
    def boundary_iou(self) -> NDArray[np.float64]:
        """(C,) boundary IoU of each class, NaN where neither has it."""
        return _ratio(self.edge_both, self.edge_either)


def overlaps(truth: Labels, result: Labels, classes: int) -> Overlaps:
    """Compare labels (H, W) with the truth (H, W) for classes 0 … ``classes`` - 1."""
    truth_edge, result_edge = boundary_band(truth, BAND), boundary_band(result, BAND)
    same = truth == result
    both = _count(truth[same], classes)
    either = _count(truth, classes) + _count(result, classes) - both
    edge_both = _count(truth[same & truth_edge & result_edge], classes)
    edge_either = _count(truth[truth_edge], classes) + _count(result[result_edge], classes) - edge_both
    return Overlaps(both, either, edge_both, edge_either)


def _count(labels: Labels, classes: int) -> NDArray[np.int64]:
    return np.bincount(labels.ravel().astype(np.int64), minlength=classes)[:classes]


def _ratio(both: NDArray[np.int64], either: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(both, either, out=np.full(len(both), np.nan), where=either > 0))
