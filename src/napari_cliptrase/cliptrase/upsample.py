"""From maps on a coarse grid to pixels, bilinear, a few image rows at a time.

Between two rows of the grid every map is a straight line along each pixel column. So a band of image rows needs two
interpolated grid rows only, and a map that is nowhere the highest at the two ends of a column or at the crossing of
their winners is nowhere the highest in between: it is left out of the band. Nothing of the size of all maps at full
resolution is ever made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.classes.scores import sampling

VALUES_AT_ONCE = 2**20
"""Interpolated values in one tile: it stays in the processor's cache."""


_HUGE = 1e30


@dataclass(frozen=True)
class Band:
    """Image rows that lie between the same two rows of the grid.

    Attributes
    ----------
    rows
        The image rows.
    weight
        (R, 1) how far each of them is from the upper to the lower grid row, in [0, 1].
    upper, lower
        (maps, W) the two grid rows, interpolated along x.
    """

    rows: slice
    weight: Tensor
    upper: Tensor
    lower: Tensor

    def tiles(self, chosen: Tensor | None = None) -> Iterator[tuple[slice, Tensor]]:
        """Yield image rows and (maps, R, W) values of all maps or of those ``chosen`` (indices)."""
        upper, lower = (self.upper, self.lower) if chosen is None else (self.upper[chosen], self.lower[chosen])
        slope = lower - upper
        step = max(1, VALUES_AT_ONCE // upper.numel())
        for start in range(0, len(self.weight), step):
            weight = self.weight[start : start + step]
            first = self.rows.start + start
            yield slice(first, first + len(weight)), torch.addcmul(upper[:, None], weight, slope[:, None])

    def contenders(self) -> Tensor:
        """Indices, ascending, of the maps that are the highest somewhere in the band (and maybe a few more)."""
        (top, first), (bottom, second) = winners(self.upper), winners(self.lower)
        # where the line of the winner at the top meets that of the winner at the bottom, the others have to beat both
        sunk = self.lower.gather(0, first[None])[0]
        lead_top, lead_bottom = top - self.upper.gather(0, second[None])[0], bottom - sunk
        crossing = lead_top / (lead_top + lead_bottom).clamp(min=torch.finfo(top.dtype).tiny)
        bar = torch.lerp(top, sunk, crossing)
        slack = 4 * torch.finfo(top.dtype).eps * torch.maximum(self.upper.abs().max(), self.lower.abs().max())
        return ((torch.lerp(self.upper, self.lower, crossing) - bar).amax(1) >= -slack).nonzero()[:, 0]


def bands(maps: Tensor, size: tuple[int, int]) -> Iterator[Band]:
    """Cut the bilinear interpolation (``align_corners=False``) of maps (n, h, w) to ``size`` (H, W) into bands."""
    upper, lower, weight = _sampling(size[0], maps.shape[1], maps)

    def stretched(row: int) -> Tensor:
        return F.interpolate(maps[None, :, row], size=size[1], mode="linear")[0]

    starts = [0, *(torch.diff(upper).nonzero()[:, 0] + 1).tolist(), size[0]]
    last: tuple[int, Tensor] | None = None
    for start, stop in pairwise(starts):
        above, below = int(upper[start]), int(lower[start])
        first = last[1] if last is not None and last[0] == above else stretched(above)
        second = first if above == below else stretched(below)
        last = (below, second)
        yield Band(slice(start, stop), weight[start:stop, None], first, second)


def highest(maps: Tensor, size: tuple[int, int]) -> NDArray[np.int32]:
    """(H, W) index of the highest of maps (n, h, w) at each pixel; the lowest index among equals."""
    out = np.empty(size, np.int32)
    for band in bands(maps, size):
        chosen = band.contenders()
        if len(chosen) == 1:
            out[band.rows] = int(chosen[0])
            continue
        for rows, values in band.tiles(chosen):
            out[rows] = chosen[winners(values)[1]].cpu().numpy()
    return out


def winners(values: Tensor) -> tuple[Tensor, Tensor]:
    """Highest of values (n, ...) and its index, the lowest among equals: (...) both.

    The same as ``values.max(0)`` in a fifth of the time: torch finds a maximum in vectors but its index one by one. So
    the index is found as a maximum, too, of each map's rank minus something huge wherever it is not the highest.
    """
    best = values.amax(0)
    rank = torch.arange(len(values), 0, -1, device=values.device, dtype=values.dtype)
    rank = rank.view(-1, *(1 for _ in best.shape))
    return best, (len(values) - torch.add(rank, values - best, alpha=_HUGE).amax(0)).long()


def _sampling(size: int, cells: int, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`sampling` as tensors; the weight has the number type and the device of ``like``."""
    lower, upper, weight = map(torch.from_numpy, sampling(size, cells))
    return lower, upper, weight.to(like)
