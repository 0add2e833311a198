"""One window of a large plane as it is kept: what scoring needs of it, in little memory."""

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.cliptrase.denoise import affinity
from napari_cliptrase.cliptrase.encoder import Patches
from napari_cliptrase.cliptrase.region_masks import region_map
from napari_cliptrase.engine.encode import encode_pixels, find_regions
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.pixels.windows import WindowPlan

if TYPE_CHECKING:
    from napari_cliptrase.models.loaded_models import ClipModel


@dataclass(frozen=True, eq=False)
class WindowCode:
    """What scoring needs of one window.

    Attributes
    ----------
    features
        (h, w, d) float16, rows of nearly unit length.
    cls
        (d,) float16 of the window as a whole.
    regions
        (H, W) uint8 or uint16 region of each pixel of the window's core, counted from 1; 0 in none.
    """

    features: NDArray[np.float16]
    cls: NDArray[np.float16]
    regions: NDArray[np.unsignedinteger[Any]]

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        return self.features.nbytes + self.cls.nbytes + self.regions.nbytes

    def region_map(self) -> NDArray[np.int32]:
        """(H, W) region of each pixel of the core, -1 in none."""
        return self.regions.astype(np.int32) - 1

    def to_bytes(self) -> bytes:
        """Return the window as a NumPy archive."""
        stream = BytesIO()
        np.savez(stream, features=self.features, cls=self.cls, regions=self.regions)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "WindowCode":
        """Read what `to_bytes` wrote; ValueError for anything else."""
        try:
            with np.load(BytesIO(data), allow_pickle=False) as held:
                return cls(held["features"], held["cls"], held["regions"])
        except (OSError, KeyError, EOFError, BadZipFile, RuntimeError) as error:
            raise ValueError(f"this is not an encoded window ({error})") from error


def encode_window(model: "ClipModel", pixels: NDArray[np.uint8], settings: Settings) -> Patches:
    """Encode one window (h, w, 3) uint8, always alone: the last bits may depend on what is encoded together."""
    return encode_pixels(model, pixels[None], settings, attention=False)


def make_code(
    patches: Patches, settings: Settings, plan: WindowPlan, number: int, shape: tuple[int, int]
) -> WindowCode:
    """Find the regions of an encoded window, number ``number`` of the plan of a plane of ``shape`` (H, W)."""
    assert patches.correlation is not None
    correlation = patches.correlation[0].float().cpu()
    owned, extent = plan.owned(number, shape)
    regions = region_map(
        affinity(correlation, settings.denoise),
        find_regions(correlation, settings),
        plan.size,
        extent.shape,
        owned.within(extent),
    )
    features = patches.features[0].cpu().numpy().reshape(*plan.size, -1)
    few = regions.max(initial=-1) < 255
    return WindowCode(
        features.astype(np.float16),
        patches.cls[0].cpu().numpy().astype(np.float16),
        (regions + 1).astype(np.uint8 if few else np.uint16),
    )
