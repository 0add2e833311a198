"""Position embeddings for grids that the model was not trained on."""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.options import PositionKernel

_KEPT = 16


def interpolate_positions(positions: Tensor, native: tuple[int, int], grid: tuple[int, int], kernel: str) -> Tensor:
    """Stretch patch positions (native h*w, D) to (h*w, D) of another grid; unchanged for the native one."""
    if grid == native:
        return positions
    maps = positions.float().reshape(1, *native, -1).permute(0, 3, 1, 2)
    if kernel == PositionKernel.PAPER:
        # The published code adds 0.1 so that rounding never loses a row, and samples with that very factor.
        factor = ((grid[0] + 0.1) / native[0], (grid[1] + 0.1) / native[1])
        maps = F.interpolate(maps, scale_factor=factor, mode="bicubic")
    else:
        maps = F.interpolate(maps, size=grid, mode="bicubic")
    return maps.flatten(2)[0].t().to(positions.dtype)


@dataclass(eq=False)
class Positions:
    """A tower's patch positions, stretched on demand and remembered for the grids used last.

    Attributes
    ----------
    table
        The trained parameter; its last h*w rows belong to the patches.
    native
        (h, w) grid of the table.
    """

    table: Tensor
    native: tuple[int, int]
    _known: dict[tuple[object, ...], Tensor] = field(default_factory=dict)

    def of(self, grid: tuple[int, int], kernel: PositionKernel) -> Tensor:
        """(h*w, D) positions of a grid. Nothing is remembered while gradients are recorded."""
        patches = self.table.flatten(0, -2)[-self.native[0] * self.native[1] :]
        if torch.is_grad_enabled() or grid == self.native:
            return interpolate_positions(patches, self.native, grid, kernel)
        # training, moving or loading the model changes what was remembered
        version = 0 if self.table.is_inference() else self.table._version  # noqa: SLF001 torch tells changes nowhere else
        key = (grid, kernel, self.table.device, self.table.dtype, version)
        if key not in self._known:
            while len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)), None)
            self._known[key] = interpolate_positions(patches, self.native, grid, kernel)
        return self._known[key]
