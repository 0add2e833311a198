"""What is known of an image before any class is named: features, correlation, regions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats, Rgb
from napari_cliptrase.cliptrase.denoise import affinity
from napari_cliptrase.cliptrase.options import Denoise
from napari_cliptrase.cliptrase.region_masks import region_map
from napari_cliptrase.cliptrase.vote import pooling
from napari_cliptrase.learn.spots import spot_textures
from napari_cliptrase.pixels.windows import WindowPlan

Regions = NDArray[np.int64]
_Part = TypeVar("_Part")


@dataclass(frozen=True, eq=False)
class WindowEncoding:
    """One window of an encoding, with L patches.

    Attributes
    ----------
    correlation
        (1+L, 1+L) float32 in [-1, 1], class token first.
    regions
        (L,) region of each patch, -1 in none.
    cls
        (d,) unit vector of the window as a whole.
    transition
        (L, L) float16 how scores of patches spread along the model's own attention, see `purify.transition`; None where
        it was left out, since only `Absent.PURIFY` asks for it.
    denoise
        What made the affinity, and with it the regions, of the correlation.
    """

    correlation: Floats
    regions: Regions
    cls: Floats
    transition: NDArray[np.float16] | None
    denoise: Denoise = field(repr=False)

    @property
    def affinity(self) -> Floats:
        """(L, L) float32: row i says which patches belong to patch i; computed on first use."""
        return np.asarray(affinity(torch.from_numpy(self.correlation), self.denoise).numpy())

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        spread = 0 if self.transition is None else self.transition.nbytes
        return self.correlation.nbytes + self.regions.nbytes + self.cls.nbytes + spread


@dataclass(frozen=True, eq=False)
class Encoding:
    """An image as the method sees it; does not depend on prompts.

    Attributes
    ----------
    features
        (h*w, d) float32 unit rows, row by row from the top left; where windows overlap, their blend.
    cls
        (d,) float32 unit vector of the image as a whole.
    windows
        What is known per window; one for most images.
    picture
        (h*patch, w*patch, 3) uint8 the working image, for a closer look at a place of it.
    plan
        Where the windows lie on the grid.
    shape
        (H, W) of the labels: the image's, or the side of the working image where it was cropped.
    key
        Identifies an encoding: image, model and everything that shaped it.
    image_sha256
        Of the image's shape and bytes.
    encode_settings
        The settings that shaped it, see `Settings.encode_key`.
    """

    features: Floats = field(repr=False)
    cls: Floats = field(repr=False)
    windows: tuple[WindowEncoding, ...] = field(repr=False)
    picture: Rgb = field(repr=False)
    plan: WindowPlan
    shape: tuple[int, int]
    key: str
    image_sha256: str
    encode_settings: str

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) patches."""
        return self.plan.grid

    @property
    def correlation(self) -> Floats | tuple[Floats, ...]:
        """(1+h*w, 1+h*w) class token first; a tuple of such, one per window, when there are several."""
        return self._per_window(lambda window: window.correlation)

    @property
    def affinity(self) -> Floats | tuple[Floats, ...]:
        """(h*w, h*w) after denoising; a tuple of such, one per window, when there are several."""
        return self._per_window(lambda window: window.affinity)

    @property
    def regions(self) -> Regions | tuple[Regions, ...]:
        """(h*w,) region of each patch, -1 in none; a tuple of such, one per window, when there are several."""
        return self._per_window(lambda window: window.regions)

    @property
    def nbytes(self) -> int:
        """Memory that it holds, without the region map."""
        windows = sum(window.nbytes for window in self.windows)
        return self.features.nbytes + self.cls.nbytes + self.picture.nbytes + windows

    def region_weights(self) -> Floats:
        """(regions, h*w) weights that take values on the grid to their mean over each region; computed once."""
        return self._region_weights

    def region_map(self) -> NDArray[np.int32]:
        """(H, W) number of the region that each pixel belongs to, -1 where there is none; computed once."""
        return self._region_map

    def spot_textures(self) -> Floats:
        """(spots, TEXTURE_SIZE) how spots of the picture look, see `napari_cliptrase.learn.spots`; computed once."""
        return self._spot_textures

    @property
    def spots_known(self) -> bool:
        """Whether `spot_textures` was computed before, so that it costs nothing."""
        return "_spot_textures" in self.__dict__

    @cached_property
    def _spot_textures(self) -> Floats:
        return spot_textures(self.picture, self.grid)

    @cached_property
    def _region_map(self) -> NDArray[np.int32]:
        if len(self.windows) == 1:
            return self._window_map(self.windows[0], self.shape)
        joined = np.full(self.shape, -1, np.int32)
        offset = 0
        for number, window in enumerate(self.windows):
            owned, extent = self.plan.owned(number, self.shape)
            if 0 not in owned.shape:
                part = self._window_map(window, extent.shape)[owned.within(extent)]
                joined[owned.index] = np.where(part >= 0, part + offset, -1)
            offset += int(window.regions.max(initial=-1)) + 1
        return joined

    @cached_property
    def _region_weights(self) -> Floats:
        return pooling(self.region_map(), self.grid)

    def _window_map(self, window: WindowEncoding, shape: tuple[int, int]) -> NDArray[np.int32]:
        rows = torch.from_numpy(window.affinity)
        return np.asarray(region_map(rows, window.regions, self.plan.size, shape), np.int32)

    def _per_window(self, part: Callable[[WindowEncoding], _Part]) -> _Part | tuple[_Part, ...]:
        parts = tuple(map(part, self.windows))
        return parts[0] if len(parts) == 1 else parts
