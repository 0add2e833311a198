"""From regions of patches to regions of pixels."""

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
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
    """Enlarge masks (n, h, w) and smooth them; only some cells of the result."""
    large = F.interpolate(masks[None], scale_factor=_ENLARGED, mode="bilinear")[0].numpy()
    reach = _MEDIAN // 2
    padded = np.pad(large, ((0, 0), (reach, reach), (reach, reach)), mode="symmetric")
    rows, columns = cells
    padded = padded[:, rows.start : rows.stop + 2 * reach, columns.start : columns.stop + 2 * reach]
    around = sliding_window_view(padded, (_MEDIAN, _MEDIAN), (1, 2)).reshape(
        len(padded), rows.stop - rows.start, columns.stop - columns.start, -1
    )
    middle = around.shape[-1] // 2
    # one map at once: the neighbours of all pixels are written out for it; five times as fast as scipy's filter
    return torch.from_numpy(np.stack([np.partition(one, middle)[..., middle] for one in around]))
