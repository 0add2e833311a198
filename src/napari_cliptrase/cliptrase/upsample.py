"""From maps on a coarse grid to pixels, bilinear, a few image rows at a time.

Between two rows of the grid every map is a straight line along each pixel column. So a band of image rows needs two
interpolated grid rows only, and a map that is nowhere the highest at the two ends of a column or at the crossing of
their winners is nowhere the highest in between: it is left out of the band. Nothing of the size of all maps at full
resolution is ever made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

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


@dataclass(frozen=True, eq=False)
class Strip:
    """Bands that lie below each other: looked at together, since each operation on one alone costs more than its work.

    Attributes
    ----------
    rows
        (maps, R, W) grid rows, interpolated along x.
    bands
        The bands between them.
    above, below
        (bands,) which of the rows are their upper and lower ones.
    """

    rows: Tensor
    bands: tuple[Band, ...]
    above: Tensor
    below: Tensor

    def contenders(self) -> NDArray[np.bool_]:
        """(maps, bands) which maps are the highest somewhere in a band (and maybe a few more)."""
        best, index = winners(self.rows)
        upper, lower = self.rows[:, self.above], self.rows[:, self.below]
        (top, first), (bottom, second) = (best[self.above], index[self.above]), (best[self.below], index[self.below])
        # where the line of the winner at the top meets that of the winner at the bottom, the others have to beat both
        sunk = lower.gather(0, first[None])[0]
        lead_top, lead_bottom = top - upper.gather(0, second[None])[0], bottom - sunk
        crossing = lead_top / (lead_top + lead_bottom).clamp(min=torch.finfo(top.dtype).tiny)
        bar = torch.lerp(top, sunk, crossing)
        slack = 4 * torch.finfo(top.dtype).eps * torch.maximum(upper.abs().amax((0, 2)), lower.abs().amax((0, 2)))
        return np.asarray(((torch.lerp(upper, lower, crossing) - bar).amax(2) >= -slack).cpu().numpy())

    def groups(self) -> Iterator[tuple[slice, NDArray[np.intp]]]:
        """Yield neighbouring bands, as many as make a tile, with the maps that may be the highest in any of them."""
        found, width = self.contenders(), self.rows.shape[2]
        start, chosen = 0, found[:, 0]
        for number in range(1, len(self.bands)):
            both = chosen | found[:, number]
            height = self.bands[number].rows.stop - self.bands[start].rows.start
            if both.sum() * height * width > VALUES_AT_ONCE // 16:
                yield slice(start, number), np.flatnonzero(chosen)
                start, both = number, found[:, number]
            chosen = both
        yield slice(start, len(self.bands)), np.flatnonzero(chosen)

    def tiles(self, group: slice, chosen: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yield image rows and (maps, R, W) values of the ``chosen`` maps (indices) in neighbouring bands."""
        bands = self.bands[group]
        if len(bands) == 1:
            yield from bands[0].tiles(chosen)
            return
        top, bottom = bands[0].rows.start, bands[-1].rows.stop
        rows = self.rows[chosen]
        upper, lower = rows[:, self.above[group]], rows[:, self.below[group]]
        slope = lower.sub_(upper)
        values = rows.new_empty((len(chosen), bottom - top, rows.shape[2]))
        for number, band in enumerate(bands):
            here = values[:, band.rows.start - top : band.rows.stop - top]
            torch.addcmul(upper[:, number, None], band.weight, slope[:, number, None], out=here)
        yield slice(top, bottom), values


@dataclass(frozen=True, eq=False)
class Part:
    """A part of an image over a part of its grid.

    Attributes
    ----------
    rows, columns
        Lower cell, upper cell and weight of the upper one for each row and for each column of the part, see
        `napari_cliptrase.classes.scores.sampling`; cells count from the first of the grid's part.
    """

    rows: tuple[Tensor, Tensor, Tensor]
    columns: tuple[Tensor, Tensor, Tensor]

    @classmethod
    def of(cls, size: tuple[int, int], grid: tuple[int, int], pixels: "Slices", cells: "Slices") -> "Part":
        """Take ``pixels`` of an image of ``size`` (H, W) over ``cells`` of its ``grid`` (h, w)."""
        rows, columns = (_part_of(*along) for along in zip(size, grid, pixels, cells, strict=True))
        return cls(rows, columns)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) pixels of the part."""
        return len(self.rows[0]), len(self.columns[0])

    def tiles(self, maps: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yield rows of the part and (n, R, W) interpolated values of maps (n, h, w)."""
        (upper, lower, weight), (left, right, along) = self.rows, self.columns
        across = torch.lerp(maps[:, :, left], maps[:, :, right], along)
        step = max(1, VALUES_AT_ONCE // across[:, 0].numel())
        for start in range(0, len(weight), step):
            rows = slice(start, min(start + step, len(weight)))
            above = across[:, upper[rows]]
            yield rows, torch.addcmul(above, weight[rows, None], across[:, lower[rows]] - above)


Slices = tuple[slice, slice]


def _part_of(size: int, cells: int, pixels: slice, held: slice) -> tuple[Tensor, Tensor, Tensor]:
    """`sampling` of some pixels over some cells along one axis."""
    lower, upper, weight = (torch.from_numpy(values[pixels]) for values in sampling(size, cells))
    return lower - held.start, upper - held.start, weight


def cells_below(size: tuple[int, int], grid: tuple[int, int], pixels: Slices) -> Slices:
    """Return the cells of a ``grid`` (h, w) between which pixels of an image of ``size`` (H, W) are interpolated."""
    rows, columns = (
        slice(int(lower[part].min()), int(upper[part].max()) + 1)
        for (lower, upper, _), part in (
            (sampling(size[0], grid[0]), pixels[0]),
            (sampling(size[1], grid[1]), pixels[1]),
        )
    )
    return rows, columns


def strips(maps: Tensor, size: tuple[int, int]) -> Iterator[Strip]:
    """Cut the bilinear interpolation (``align_corners=False``) of maps (n, h, w) to ``size`` (H, W) into strips."""
    upper, lower, weight = _sampling(size[0], maps.shape[1], maps)
    starts = [0, *(torch.diff(upper).nonzero()[:, 0] + 1).tolist(), size[0]]
    edges = list(pairwise(starts))
    step = max(1, VALUES_AT_ONCE // (maps.shape[0] * size[1]))
    for number in range(0, len(edges), step):
        here = edges[number : number + step]
        above, below = (torch.tensor([int(row[start]) for start, _ in here]) for row in (upper, lower))
        first = int(above[0])
        rows = F.interpolate(maps[:, first : int(below[-1]) + 1], size=size[1], mode="linear")
        above, below = above - first, below - first
        bands = tuple(
            Band(slice(start, stop), weight[start:stop, None], rows[:, i], rows[:, j])
            for (start, stop), i, j in zip(here, above.tolist(), below.tolist(), strict=True)
        )
        yield Strip(rows, bands, above, below)


def highest(maps: Tensor, size: tuple[int, int], part: Part | None = None) -> NDArray[np.int32]:
    """(H, W) index of the highest of maps (n, h, w) at each pixel; the lowest index among equals."""
    if part is not None:
        return _highest_in_part(maps, part)
    out = np.empty(size, np.int32)
    for strip in strips(maps, size):
        for group, chosen in strip.groups():
            for rows, values in strip.tiles(group, torch.from_numpy(chosen)):
                out[rows] = chosen[winners(values)[1].cpu().numpy()] if len(chosen) > 1 else chosen[0]
    return out


def _highest_in_part(maps: Tensor, part: Part) -> NDArray[np.int32]:
    """`highest` of a part. Only pixels between cells with different winners are interpolated.

    Where one map is the highest at all four cells around a pixel, it is the highest at the pixel.
    """
    (upper, lower, down), (left, right, along), width = part.rows, part.columns, part.size[1]
    rows, columns = _between_cells(upper, lower), _between_cells(left, right)
    winner = winners(maps)[1].numpy().astype(np.int32)
    corners = [winner[a][:, b] for a in (rows.first, rows.second) for b in (columns.first, columns.second)]
    mixed = np.any([corner != corners[0] for corner in corners[1:]], axis=0)
    found = rows.spread(columns.spread(corners[0], 1), 0)
    pixels = np.flatnonzero(rows.spread(columns.spread(mixed, 1), 0))
    if len(pixels):
        chosen = _contenders(maps, rows, columns, mixed)
        across = torch.lerp(maps[chosen][:, :, left], maps[chosen][:, :, right], along).flatten(1).numpy()
        y, x = np.divmod(pixels, width)
        above, below = (torch.from_numpy(across.take(cell.numpy()[y] * width + x, axis=1)) for cell in (upper, lower))
        best = winners(torch.addcmul(above, down[torch.from_numpy(y)], below - above))[1]
        found.reshape(-1)[pixels] = chosen.numpy()[best.numpy()]
    return found


@dataclass(frozen=True, eq=False)
class _BetweenCells:
    """Runs of pixels along one axis that lie between the same two cells: (n,) the cells, and pixels in each run."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    pixels: NDArray[np.int64]

    def spread(self, values: NDArray[Any], axis: int) -> NDArray[Any]:
        """Repeat the values of runs, which lie along ``axis``, for each of their pixels."""
        return np.repeat(values, self.pixels, axis)


def _between_cells(first: Tensor, second: Tensor) -> _BetweenCells:
    starts = np.concatenate([[0], np.flatnonzero(np.diff(first.numpy())) + 1])
    pixels = np.diff(np.concatenate([starts, [len(first)]]))
    return _BetweenCells(first.numpy()[starts], second.numpy()[starts], pixels)


def _contenders(maps: Tensor, rows: _BetweenCells, columns: _BetweenCells, mixed: NDArray[np.bool_]) -> Tensor:
    """Indices, ascending, of the maps that are the highest somewhere in the ``mixed`` places (and maybe a few more).

    A map is left out when at each of these places some other map is higher at all four cells around it.
    """
    values = maps.numpy()
    run, along = np.nonzero(mixed)
    corners = np.stack(
        [values[:, a[run], b[along]] for a in (rows.first, rows.second) for b in (columns.first, columns.second)]
    )  # (4, maps, places)
    best = np.unique(corners.argmax(1))
    slack = 4 * np.finfo(values.dtype).eps * np.abs(values).max()
    beaten = np.zeros(corners.shape[1:], bool)
    for other in best:
        beaten |= (corners[:, other, None] > corners + slack).all(0)
    return torch.from_numpy(np.flatnonzero(~beaten.all(1)))


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
