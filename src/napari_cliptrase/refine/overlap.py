"""How much masks overlap, and which of overlapping boxes stay."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def best_boxes(boxes: Tensor, ranks: Tensor, overlap: float) -> Tensor:
    """Return the rows of boxes to keep, int64, the highest rank first: torchvision's non-maximum suppression.

    ``boxes`` (n, 4) float32 left, top, right, bottom; ``ranks`` (n,). Of two whose intersection over union is above
    ``overlap`` the one of lower rank goes, the later one of equals.
    """
    order = ranks.argsort(descending=True, stable=True).numpy()
    left, top, right, bottom = boxes.numpy()[order].T
    area = (right - left) * (bottom - top)
    alive = np.ones(len(order), bool)
    for i in range(len(order)):
        if not alive[i]:
            continue
        rest = slice(i + 1, None)
        width = np.minimum(right[i], right[rest]) - np.maximum(left[i], left[rest])
        height = np.minimum(bottom[i], bottom[rest]) - np.maximum(top[i], top[rest])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        with np.errstate(invalid="ignore"):  # two boxes without area share nothing of nothing
            ratio = shared / (area[i] + area[rest] - shared)
        alive[rest] &= ~(ratio.astype(np.float64) > overlap)  # NumPy would round the limit to float32
    return torch.from_numpy(order[alive])


def mask_iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the intersection over union of two masks (H, W); 0 when both are empty."""
    return float((one & other).sum()) / max(float((one | other).sum()), 1.0)
