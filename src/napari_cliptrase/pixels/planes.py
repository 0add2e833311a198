"""One plane of any array as a picture for the model: uint8, height × width × RGB."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Rgb
from napari_cliptrase.classes.colors import DISTINCT, parse_hex
from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.axes import AxisRoles, guess_roles

__all__ = ["AxisRoles", "auto_limits", "guess_roles", "take_plane", "to_rgb"]

ContrastLimits = tuple[float, float]
PlaneBox = tuple[slice, slice]
"""Rows and columns of a plane."""

_PERCENTILES = (0.1, 99.9)
_SAMPLES = 1_000_000
_LARGEST = 1e300  # numbers beyond it would overflow while they are compared
_FLAT = 1e-300
# colours of channels by their count: two stay apart for the colour-blind, three are red, green and blue
_CHANNEL_COLORS = {1: ("#ffffff",), 2: ("#00ff00", "#ff00ff"), 3: ("#ff0000", "#00ff00", "#0000ff")}


def to_rgb(
    array: Any,
    roles: AxisRoles,
    index: Sequence[int] = (),
    contrast: ContrastLimits | Sequence[ContrastLimits] | None = None,
    box: PlaneBox | None = None,
) -> Rgb:
    """Return one plane as uint8 (H, W, 3).

    Parameters
    ----------
    array
        NumPy, dask, zarr or whatever can be indexed; bool, any integer or float. Only the plane is read.
    roles
        What the axes mean.
    index
        Number of the plane along each plane axis; missing ones are 0.
    contrast
        (low, high) values that become black and white, one pair or one per channel. None takes colours and 8-bit
        values as they are and stretches everything else between the 0.1 and 99.9 percentiles of the plane.
        NaN becomes black, infinities become black and white.
    box
        Rows and columns to read; None reads the whole plane.
    """
    plane = take_plane(array, roles, index, box)
    if np.iscomplexobj(plane) or plane.dtype.kind not in "buif":
        raise ImageReadError(f"Pixels of type {plane.dtype} are not an image; convert them to numbers first.")
    if plane.ndim == 2:
        gray = _stretch(plane, _limits(plane, contrast, 0))
        return np.repeat(gray[:, :, None], 3, axis=2)
    if roles.rgb:
        return _colors(plane, contrast)
    return _mix_channels(plane, contrast)


def take_plane(array: Any, roles: AxisRoles, index: Sequence[int] = (), box: PlaneBox | None = None) -> NDArray[Any]:
    """Read one plane of an array, or a box of it: (H, W), or (H, W, C) with an axis of colours or channels."""
    shape = tuple(array.shape)
    if len(shape) != len(roles.letters):
        raise ImageReadError(f"An array of shape {shape} does not have the axes {roles.letters!r}.")
    if 0 in shape:
        raise ImageReadError(f"An array of shape {shape} holds no pixels.")
    where: list[int | slice] = [slice(None)] * len(shape)
    if box is not None:
        where[roles.y], where[roles.x] = box
    for i, axis in enumerate(roles.planes):
        number = int(index[i]) if i < len(index) else 0
        if not -shape[axis] <= number < shape[axis]:
            raise ImageReadError(f"There is no plane {number} along axis {roles.letters[axis]} of {shape[axis]}.")
        where[axis] = number
    plane = np.asarray(array[tuple(where)])
    left = [letter for axis, letter in enumerate(roles.letters) if axis not in roles.planes]
    order = [left.index("Y"), left.index("X"), *(i for i, letter in enumerate(left) if letter not in "YX")]
    return plane.transpose(order)


def auto_limits(values: NDArray[Any]) -> ContrastLimits:
    """Return which of the values, of any shape, become black and white: all of 8 bits, else the outer percentiles."""
    if values.dtype == np.bool_:
        return 0.0, 1.0
    if values.dtype == np.uint8:
        return 0.0, 255.0
    step = max(1, values.size // _SAMPLES)
    sample = values.reshape(-1)[::step].astype(np.float64)
    sample = sample[np.isfinite(sample)].clip(-_LARGEST, _LARGEST)
    if not sample.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(sample, _PERCENTILES))
    if low == high:  # a few bright pixels on flat ground
        low, high = float(sample.min()), float(sample.max())
    return low, high


def _colors(plane: NDArray[Any], contrast: ContrastLimits | Sequence[ContrastLimits] | None) -> Rgb:
    """Red, green, blue (H, W, 3 or 4) to uint8; what alpha hides becomes black, as on napari's canvas."""
    count = plane.shape[2]
    if count in (1, 2):  # gray, or gray and alpha
        plane = np.concatenate([np.repeat(plane[:, :, :1], 3, axis=2), plane[:, :, 1:]], axis=2)
    elif count not in (3, 4):
        raise ImageReadError(f"An axis of {count} colours is neither RGB nor RGBA; call it channels (C).")
    colors = plane[:, :, :3]
    if contrast is None:
        limits = _color_limits(plane)
        rgb = _stretch(colors, limits)
    else:
        rgb = np.stack([_stretch(colors[:, :, i], _limits(colors, contrast, i)) for i in range(3)], axis=2)
    if plane.shape[2] == 4:
        opaque = _stretch(plane[:, :, 3], _color_limits(plane[:, :, 3]))
        if (opaque < 255).any():
            rgb = (rgb.astype(np.uint16) * opaque[:, :, None] // 255).astype(np.uint8)
    return rgb


def _color_limits(values: NDArray[Any]) -> ContrastLimits:
    """Range of colour values by what people store: 0 to 1 in floats, else the range of the type."""
    if values.dtype.kind == "f":
        finite = values[np.isfinite(values)]
        if not finite.size or (finite.min() >= 0 and finite.max() <= 1):
            return 0.0, 1.0
        if finite.min() >= 0 and finite.max() <= 255:
            return 0.0, 255.0
        return auto_limits(values)
    if values.dtype.kind == "b":
        return 0.0, 1.0
    highest = int(values.max())
    return 0.0, float(255 if highest <= 255 else np.iinfo(values.dtype).max)


def _mix_channels(plane: NDArray[Any], contrast: ContrastLimits | Sequence[ContrastLimits] | None) -> Rgb:
    """Give each channel of (H, W, C) a colour and add them up."""
    count = plane.shape[2]
    hues = _CHANNEL_COLORS.get(count) or [DISTINCT[i % len(DISTINCT)] for i in range(count)]
    total = np.zeros((*plane.shape[:2], 3), np.float32)
    for i in range(count):
        gray = _stretch(plane[:, :, i], _limits(plane[:, :, i], contrast, i))
        total += gray[:, :, None] * (np.asarray(parse_hex(hues[i]), np.float32) / 255)
    return np.minimum(total + 0.5, 255).astype(np.uint8)


def _limits(
    values: NDArray[Any], contrast: ContrastLimits | Sequence[ContrastLimits] | None, channel: int
) -> ContrastLimits:
    if contrast is None:
        return auto_limits(values)
    first = contrast[0]
    if isinstance(first, (int, float, np.number)):
        low, high = contrast
        return float(low), float(high)  # type: ignore[arg-type]
    low, high = contrast[min(channel, len(contrast) - 1)]  # type: ignore[misc]
    return float(low), float(high)


def _stretch(values: NDArray[Any], limits: ContrastLimits) -> Rgb:
    """Values to 0 … 255 so that the lower limit is black and the upper one white."""
    low, high = limits
    if values.dtype == np.uint8 and (low, high) == (0, 255):
        return np.ascontiguousarray(values, np.uint8)
    half = high / 2 - low / 2  # the difference itself may be more than a float holds
    if not half > _FLAT:
        return np.asarray(np.where(values > low, 255, 0), np.uint8)
    scaled = values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
    scaled = np.nan_to_num(scaled, nan=low, posinf=high, neginf=low, copy=False)
    scaled /= 2
    scaled -= low / 2
    scaled *= 255 / half
    scaled += 0.5
    return np.asarray(np.clip(scaled, 0, 255, out=scaled), np.uint8)
