"""What can be seen from one patch of one window: how it correlates with the others, step by step through the method."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.colors import class_color

MEAN_OF_HEADS: Final = -1


class PatchMap(StrEnum):
    """The maps of the dock, in reading order."""

    ATTENTION = "attention"
    RECOVERED = "recovered"
    DENOISED = "denoised"
    CLS_ATTENTION = "cls-attention"
    CLS = "cls"
    REGIONS = "regions"


PATCH_MAP_TITLES: Final = {
    PatchMap.ATTENTION: "Vanilla attention",
    PatchMap.RECOVERED: "Recovered",
    PatchMap.DENOISED: "Denoised",
    PatchMap.CLS_ATTENTION: "CLS attention",
    PatchMap.CLS: "CLS correlation",
    PatchMap.REGIONS: "Regions",
}

PATCH_MAP_MEANINGS: Final = {
    PatchMap.ATTENTION: "Where CLIP as it was trained looks from this patch, in the chosen layer and head. "
    "Mostly at a few patches that have nothing to do with it.",
    PatchMap.RECOVERED: "How much each patch means the same as this one: the correlation that CLIPtrase recovers "
    "from queries, keys and values.",
    PatchMap.DENOISED: "The same after the CLS correlation has been subtracted, so that patches that look like "
    "everything no longer show. The regions are found in these rows.",
    PatchMap.CLS_ATTENTION: "Where the CLS token of CLIP as it was trained looks, in the chosen layer and head.",
    PatchMap.CLS: "How much each patch resembles the CLS token: the global patches that denoising removes.",
    PatchMap.REGIONS: "The regions found in the denoised correlation; the one of this patch stays bright. "
    "Black patches are in no region.",
}


@dataclass(frozen=True)
class WindowView:
    """What the method found in one window of an image.

    Attributes
    ----------
    grid
        (h, w) patches.
    rows, columns
        The pixels of the image that the window covers.
    correlation
        (1+hw, 1+hw) float, recovered, CLS first.
    affinity
        (hw, hw) float, after denoising.
    regions
        (hw,) int, -1 = in no region.
    """

    grid: tuple[int, int]
    rows: slice
    columns: slice
    correlation: NDArray[np.floating]
    affinity: NDArray[np.floating]
    regions: NDArray[np.integer]

    @property
    def aspect(self) -> float:
        """Height over width of the window in pixels."""
        return (self.rows.stop - self.rows.start) / (self.columns.stop - self.columns.start)

    def patch_at(self, row: float, column: float) -> tuple[int, int] | None:
        """(row, column) of the patch that holds a pixel of the image; None outside the window."""
        height, width = self.rows.stop - self.rows.start, self.columns.stop - self.columns.start
        down, across = (row - self.rows.start) / height, (column - self.columns.start) / width
        if not (0 <= down < 1 and 0 <= across < 1):
            return None
        return int(down * self.grid[0]), int(across * self.grid[1])


def heat_map(view: WindowView, kind: PatchMap, patch: tuple[int, int]) -> NDArray[np.floating]:
    """(h, w) values of a map that needs no attention: recovered, denoised or CLS correlation."""
    index = patch[0] * view.grid[1] + patch[1]
    if kind is PatchMap.RECOVERED:
        values = view.correlation[1 + index, 1:]
    elif kind is PatchMap.DENOISED:
        values = view.affinity[index]
    elif kind is PatchMap.CLS:
        values = view.correlation[0, 1:]
    else:
        raise ValueError(kind)
    return np.asarray(values).reshape(view.grid)


def attention_map(
    attention: NDArray[np.floating], grid: tuple[int, int], head: int, patch: tuple[int, int] | None
) -> NDArray[np.floating]:
    """(h, w) attention from a patch, or from CLS when ``patch`` is None, to all patches.

    ``attention`` is (heads, 1+hw, 1+hw) of one layer, CLS first; ``head`` may be `MEAN_OF_HEADS`.
    """
    query = 0 if patch is None else 1 + patch[0] * grid[1] + patch[1]
    rows = attention[:, query, 1:]
    return np.asarray(rows.mean(0) if head == MEAN_OF_HEADS else rows[head]).reshape(grid)


def region_colors(view: WindowView, patch: tuple[int, int] | None) -> NDArray[np.uint8]:
    """(h, w, 3) colours of the regions; all but the region of ``patch`` are dimmed, patches in no region are black."""
    regions = np.asarray(view.regions).reshape(view.grid)
    palette = np.array([class_color(1 + region) for region in range(int(regions.max()) + 1)], np.uint8).reshape(-1, 3)
    colors = np.zeros((*view.grid, 3), np.uint8)
    inside = regions >= 0
    colors[inside] = palette[regions[inside]]
    if patch is not None and regions[patch] >= 0:
        dimmed = inside & (regions != regions[patch])
        colors[dimmed] //= 3
    return colors
