"""From regions of patches to regions of pixels."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.regions import NOISE
from napari_cliptrase.cliptrase.upsample import highest

_ENLARGED = 4
_MEDIAN = 7


def region_map(
    affinity: Tensor, regions: NDArray[np.int64], grid: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.int32]:
    """(H, W) region of each pixel; -1 everywhere when there is no region at all.

    A region's soft mask is the mean of its patches' rows of ``affinity`` (h*w, h*w), enlarged fourfold and smoothed by
    a 7×7 median; each pixel goes to the region whose mask is highest there, the lowest number among equals. Patches
    in no region (-1 in ``regions``, (h*w,)) are shared out among the regions in this way.
    """
    if (regions == NOISE).all():
        return np.full(size, NOISE, np.int32)
    return highest(_smooth(region_means(affinity, regions).view(-1, *grid)), size)


def region_means(affinity: Tensor, regions: NDArray[np.int64]) -> Tensor:
    """(n, L) mean rows of affinity (L, L) over the members of each region 0…n-1, float32 on the CPU."""
    rows = affinity.float().cpu()
    member = torch.from_numpy((np.arange(regions.max() + 1)[:, None] == regions).astype(np.float32))
    return member @ rows / member.sum(1, keepdim=True)


def _smooth(masks: Tensor) -> Tensor:
    large = F.interpolate(masks[None], scale_factor=_ENLARGED, mode="bilinear")[0]
    return torch.from_numpy(median_filter(large.numpy(), size=(1, _MEDIAN, _MEDIAN)))
