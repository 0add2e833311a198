"""From regions of patches to regions of pixels."""

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.regions import NOISE
from napari_cliptrase.cliptrase.upsample import Part, Slices, cells_below, highest

_ENLARGED = 4
_MEDIAN = 7


def region_map(
    affinity: Tensor,
    regions: NDArray[np.int64],
    grid: tuple[int, int],
    size: tuple[int, int],
    pixels: Slices | None = None,
) -> NDArray[np.int32]:
    """(H, W) region of each pixel; -1 everywhere when there is no region at all.

    A region's soft mask is the mean of its patches' rows of ``affinity`` (h*w, h*w), enlarged fourfold and smoothed by
    a 7×7 median; each pixel goes to the region whose mask is highest there, the lowest number among equals. Patches
    in no region (-1 in ``regions``, (h*w,)) are shared out among the regions in this way. ``pixels`` makes only those
    rows and columns of the map.
    """
    if (regions == NOISE).all():
        return np.full(size, NOISE, np.int32)[pixels or ...]
    means = region_means(affinity, regions).view(-1, *grid)
    fine = (_ENLARGED * grid[0], _ENLARGED * grid[1])
    if pixels is None:
        return highest(_smooth(means, (slice(0, fine[0]), slice(0, fine[1]))), size)
    cells = cells_below(size, fine, pixels)
    part = Part.of(size, fine, pixels, cells)
    return highest(_smooth(means, cells), part.size, part)


def region_means(affinity: Tensor, regions: NDArray[np.int64]) -> Tensor:
    """(n, L) mean rows of affinity (L, L) over the members of each region 0…n-1, float32 on the CPU."""
    rows = affinity.float().cpu()
    member = torch.from_numpy((np.arange(regions.max() + 1)[:, None] == regions).astype(np.float32))
    return member @ rows / member.sum(1, keepdim=True)


def _smooth(masks: Tensor, cells: Slices) -> Tensor:
    """Enlarge masks (n, h, w) and smooth them, as far as it matters which is the highest; only some cells of it."""
    large = F.interpolate(masks[None], scale_factor=_ENLARGED, mode="bilinear")[0].numpy()
    reach = _MEDIAN // 2
    padded = np.pad(large, ((0, 0), (reach, reach), (reach, reach)), mode="symmetric")
    rows, columns = cells
    padded = padded[:, rows.start : rows.stop + 2 * reach, columns.start : columns.stop + 2 * reach]
    smooth = np.array(padded[:, reach:-reach, reach:-reach])
    y, x = _near_borders(padded.argmax(0))
    around = sliding_window_view(padded, (_MEDIAN, _MEDIAN), (1, 2))[:, y, x].reshape(len(padded), len(y), _MEDIAN**2)
    middle = _MEDIAN**2 // 2
    # one map at once: the neighbours of pixels are written out for it; five times as fast as scipy's filter
    for one, neighbours in zip(smooth, around, strict=True):
        one[y, x] = np.partition(neighbours, middle)[:, middle]
    return torch.from_numpy(smooth)


def _near_borders(highest_map: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Cells whose medians decide which map is the highest; ``highest_map`` (h, w) has the margin of the median.

    Where one map is the highest at all neighbours of a cell, its median is the highest, too, and so it is between such
    cells. The cells beside the others count as well: values are interpolated between them.
    """
    around = (_MEDIAN, _MEDIAN)
    mixed = maximum_filter(highest_map, around) != minimum_filter(highest_map, around)
    reach = _MEDIAN // 2
    near = maximum_filter(mixed, 3)[reach:-reach, reach:-reach]
    rows, columns = np.nonzero(near)
    return rows, columns
