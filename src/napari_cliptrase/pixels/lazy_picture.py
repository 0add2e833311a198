"""A plane of any array as a picture that is read part by part, never as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_cliptrase.array_types import Rgb
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.pixels.planes import ContrastLimits, PlaneBox, auto_limits, take_plane, to_rgb

_PROBES: Final = 5
"""Along each axis, blocks whose values tell what is black and white in the whole plane."""
_PROBE_SIDE: Final = 256
PIXELS_IN_A_STRIP: Final = 1 << 24
"""Pixels that are read at once where many are reduced to few."""
_MARGIN: Final = 3
"""Pixels of the reduced picture around a strip, so that no border shows where strips meet."""


@dataclass(frozen=True, eq=False)
class LazyPicture:
    """One plane of an array, of which boxes are read as uint8 (h, w, 3).

    Attributes
    ----------
    array, roles, index
        NumPy, dask, zarr, a memory map or whatever can be indexed; what its axes mean; which plane.
    contrast
        Values that become black and white; the same for every box, so that equal pixels stay equal.
    """

    array: Any = field(repr=False)
    roles: AxisRoles
    index: tuple[int, ...] = ()
    contrast: ContrastLimits | Sequence[ContrastLimits] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the plane."""
        return int(self.array.shape[self.roles.y]), int(self.array.shape[self.roles.x])

    def read(self, rows: slice, columns: slice) -> Rgb:
        """Read a box, (h, w, 3) uint8."""
        return to_rgb(self.array, self.roles, self.index, self.contrast, (rows, columns))

    def read_resized(self, box: tuple[float, float, float, float], size: tuple[int, int]) -> Rgb:
        """Read a box (top, left, bottom, right), borders between pixels included, at ``size`` (h, w) pixels.

        A large box is read in strips, so that it need not fit into memory.
        """
        top, left, bottom, right = box
        height, width = size
        if bottom - top == height and right - left == width and top == int(top) and left == int(left):
            return self.read(slice(int(top), int(bottom)), slice(int(left), int(right)))
        scale = (bottom - top) / height
        at_once = max(1, int(PIXELS_IN_A_STRIP / max(1.0, (right - left) * scale)))
        strips = [
            self._resized((top + start * scale, left, top + min(start + at_once, height) * scale, right), width, scale)
            for start in range(0, height, at_once)
        ]
        return np.concatenate(strips)

    def _resized(self, box: tuple[float, float, float, float], width: int, scale: float) -> Rgb:
        """Read a strip and reduce it to ``width`` columns and rows of ``scale`` pixels each."""
        top, left, bottom, right = box
        across = (right - left) / width
        low = [max(0, int(edge - _MARGIN * max(1.0, by))) for edge, by in ((top, scale), (left, across))]
        high = [
            min(size, int(np.ceil(edge + _MARGIN * max(1.0, by))))
            for edge, by, size in zip((bottom, right), (scale, across), self.shape, strict=True)
        ]
        pixels = self.read(slice(low[0], high[0]), slice(low[1], high[1]))
        within = (
            max(0.0, left - low[1]),
            max(0.0, top - low[0]),
            min(float(pixels.shape[1]), right - low[1]),
            min(float(pixels.shape[0]), bottom - low[0]),
        )
        rows = round((bottom - top) / scale)
        return np.asarray(Image.fromarray(pixels).resize((width, rows), Image.Resampling.BICUBIC, box=within))


def open_picture(
    array: Any,
    roles: AxisRoles,
    index: Sequence[int] = (),
    contrast: ContrastLimits | Sequence[ContrastLimits] | None = None,
) -> LazyPicture:
    """Open one plane of an array; values that need stretching get limits from a few blocks all over the plane."""
    picture = LazyPicture(array, roles, tuple(index), contrast)
    if contrast is not None or array.dtype in (np.dtype(np.uint8), np.dtype(bool)):
        return picture
    probes = np.concatenate([_flat(take_plane(array, roles, index, box)) for box in _probes(picture.shape)])
    limits: ContrastLimits | list[ContrastLimits]
    if roles.color is None:
        limits = auto_limits(probes)
    elif roles.rgb:  # colours keep their balance
        limits = [_range_of(probes[:, :3])] * 3
    else:
        limits = [auto_limits(probes[:, channel]) for channel in range(probes.shape[1])]
    return LazyPicture(array, roles, tuple(index), limits)


def _probes(shape: tuple[int, int]) -> list[PlaneBox]:
    """Return boxes that are spread over a plane of ``shape``, all of it when it is small."""
    spans = []
    for size in shape:
        side = min(size, _PROBE_SIDE)
        count = min(_PROBES, -(-size // side))
        starts = np.linspace(0, size - side, count).round().astype(int)
        spans.append([slice(int(start), int(start) + side) for start in starts])
    return [(rows, columns) for rows in spans[0] for columns in spans[1]]


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    """(pixels,) or (pixels, channels) of a plane."""
    return values.reshape(-1) if values.ndim == 2 else values.reshape(-1, values.shape[2])


def _range_of(colors: NDArray[Any]) -> ContrastLimits:
    """Range of colour values by what people store: 0 to 1 in floats, else the range of the type."""
    if colors.dtype.kind == "f":
        finite = colors[np.isfinite(colors)]
        if finite.size and finite.min() >= 0 and finite.max() <= 255:
            return (0.0, 1.0) if finite.max() <= 1 else (0.0, 255.0)
        return auto_limits(colors)
    return 0.0, float(255 if int(colors.max()) <= 255 else np.iinfo(colors.dtype).max)
