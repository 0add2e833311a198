"""What is to be segmented, recorded in the GUI thread so that a worker can read it."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Shapes
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from napari_cliptrase.array_types import Mask
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.axes import AxisRoles, guess_roles
from napari_cliptrase.pixels.plane_ranges import PlaneRange, PlaneRanges
from napari_cliptrase.pixels.planes import ContrastLimits, to_rgb
from napari_cliptrase.plugin.state.geometry import LayerGeometry, Target, geometry_of

LARGEST_SIDE = 8192
"""Of the level that is taken from a multiscale image unless another is chosen."""


class Area(StrEnum):
    """Which part of the plane is segmented."""

    WHOLE = "whole image"
    VISIBLE = "visible area"
    SHAPE = "selected shape"


class Planes(StrEnum):
    """Which planes of a stack are segmented."""

    SHOWN = "shown plane"
    RANGE = "range of planes"
    ALL = "all planes"


@dataclass(frozen=True)
class PlaneSource:
    """A part of a plane of an image, and how its values become a picture.

    Attributes
    ----------
    target
        Where the result goes.
    array, roles, index
        The image's data (of one level), what its axes mean, and the plane.
    contrast
        Values shown as black and white; None takes the full range.
    """

    target: Target
    array: Any = field(compare=False, repr=False)
    roles: AxisRoles
    index: tuple[int, ...]
    contrast: ContrastLimits | None

    def rgb(self) -> NDArray[np.uint8]:
        """(h, w, 3) picture of the target's box. Slow for data on disk: call it in a worker."""
        return to_rgb(self.array, self.roles, self.index, self.contrast, (self.target.rows, self.target.columns))

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for two sources of the same pixels."""
        target = self.target
        box = (target.rows.start, target.rows.stop, target.columns.start, target.columns.stop)
        return (
            target.image_id, target.version, tuple(self.array.shape), self.roles, self.index, self.contrast, box,
        )  # fmt: skip


def roles_of(image: Image, level: int = 0) -> AxisRoles:
    """Guess what the axes of an image layer mean."""
    shape = (image.data[level] if image.multiscale else image.data).shape
    return guess_roles(shape, image.rgb, image.axis_labels)


def default_level(image: Image) -> int:
    """The finest level of a multiscale image that is not too large; 0 for others."""
    if not image.multiscale:
        return 0
    for level, data in enumerate(image.data):
        if max(data.shape[: image.ndim][-2:]) <= LARGEST_SIDE:
            return level
    return len(image.data) - 1


def plane_source_of(
    viewer: ViewerModel,
    image: Image,
    version: int,
    *,
    roles: AxisRoles | None = None,
    area: Area = Area.WHOLE,
    as_shown: bool = True,
    level: int | None = None,
) -> PlaneSource:
    """Record what the viewer shows of an image.

    ``roles`` and ``level`` are guessed when None; ``as_shown`` takes the layer's contrast limits instead of the full
    range. Raises a sentence when the area is empty.
    """
    level = default_level(image) if level is None else level
    array = image.data[level] if image.multiscale else image.data
    roles = roles_of(image, level) if roles is None else roles
    channel = roles.color if roles.color is not None and roles.color < image.ndim else None
    geometry = geometry_of(image, rows=roles.y, columns=roles.x, channel=channel, level=level)
    steps = np.ones(image.ndim)
    if image.multiscale:
        steps = np.asarray(image.data[0].shape[: image.ndim]) / np.asarray(array.shape[: image.ndim])
    position = np.round(np.asarray(image.world_to_data(viewer.dims.point[-image.ndim :])) / steps).astype(int)
    index = tuple(int(np.clip(position[axis], 0, array.shape[axis] - 1)) for axis in roles.planes)
    height, width = geometry.plane_shape
    rows, columns, mask = slice(0, height), slice(0, width), None
    if area is Area.VISIBLE:
        rows, columns = _visible(image, roles, steps, geometry.plane_shape)
    elif area is Area.SHAPE:
        rows, columns, mask = _in_shape(viewer, image, roles, steps, geometry.plane_shape)
    plane = _label_plane(geometry, roles, index)
    target = Target(image.unique_id, image.name, version, geometry, plane, rows, columns, mask)
    contrast: ContrastLimits | None = None
    if as_shown and not image.rgb:
        contrast = float(image.contrast_limits[0]), float(image.contrast_limits[1])
    return PlaneSource(target, array, roles, index, contrast)


def on_plane_of(viewer: ViewerModel, image: Image, source: PlaneSource) -> PlaneSource:
    """Return the same part of the image on the plane that the viewer shows now."""
    shown = plane_source_of(viewer, image, source.target.version, roles=source.roles, level=_level_of(image, source))
    target = replace(shown.target, rows=source.target.rows, columns=source.target.columns, mask=source.target.mask)
    return replace(shown, target=target, contrast=source.contrast)


def planes_of(source: PlaneSource, ranges: PlaneRanges | None = None) -> tuple[PlaneSource, ...]:
    """Return the same part of planes of the source's image, in order: of those in ``ranges``, or of all."""
    geometry, roles = source.target.geometry, source.roles
    return tuple(
        replace(source, target=replace(source.target, plane=_label_plane(geometry, roles, index)), index=index)
        for index in (ranges or PlaneRanges(())).indices(roles, source.array.shape)
    )


def range_along(source: PlaneSource, letter: str, first: int, last: int) -> PlaneRanges:
    """Return planes ``first`` to ``last`` along an axis; along the others those of the source."""
    others = [
        PlaneRange(source.roles.letters[axis], number, number)
        for axis, number in zip(source.roles.planes, source.index, strict=True)
        if source.roles.letters[axis] != letter
    ]
    return PlaneRanges((PlaneRange(letter, first, last), *others))


def _label_plane(geometry: LayerGeometry, roles: AxisRoles, index: tuple[int, ...]) -> tuple[int, ...]:
    """Index of an image's plane in the label layers: where they keep an axis of channels, it has length one."""
    plane = list(index)
    if roles.color is not None and len(geometry.plane_axes) > len(index):
        plane.insert(sum(axis < roles.color for axis in roles.planes), 0)
    return tuple(plane)


def _level_of(image: Image, source: PlaneSource) -> int:
    if not image.multiscale:
        return 0
    return next(level for level, data in enumerate(image.data) if tuple(data.shape) == tuple(source.array.shape))


def _visible(image: Image, roles: AxisRoles, steps: NDArray[np.float64], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns on the screen; the whole plane when nothing was drawn yet."""
    corners = np.asarray(image.corner_pixels, float)
    if image.multiscale:
        finest, drawn = image.data[0].shape[: image.ndim], image.data[image.data_level].shape[: image.ndim]
        corners = corners * (np.asarray(finest) / np.asarray(drawn)) / steps
    spans = []
    for axis, size in zip((roles.y, roles.x), shape, strict=True):
        first, last = np.clip(np.round(corners[:, axis]).astype(int), 0, size - 1)
        spans.append(slice(int(first), int(last) + 1))
    if any(span.stop - span.start <= 1 for span in spans):
        return slice(0, shape[0]), slice(0, shape[1])
    return spans[0], spans[1]


def _in_shape(
    viewer: ViewerModel, image: Image, roles: AxisRoles, steps: NDArray[np.float64], shape: tuple[int, int]
) -> tuple[slice, slice, Mask]:
    """Rows and columns around the selected shapes, and the (rows, columns) pixels inside of them."""
    mask = np.zeros(shape, bool)
    for corners in _selected_outlines(viewer):
        world = np.tile(np.asarray(viewer.dims.point, float), (len(corners), 1))
        world[:, -corners.shape[1] :] = corners
        pixels = np.array([image.world_to_data(point[-image.ndim :]) for point in world]) / steps
        mask |= polygon2mask(shape, pixels[:, [roles.y, roles.x]])
    if not mask.any():
        raise CliptraseError(
            f"No shape lies on image {image.name!r}; draw one in a Shapes layer and select it, or choose another area."
        )
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    return *box, mask[box]


def _selected_outlines(viewer: ViewerModel) -> list[NDArray[np.float64]]:
    """World corners (n, axes) of the selected shapes of the topmost layer that has some; a lone one needs no click."""
    for layer in reversed(viewer.layers):
        if not isinstance(layer, Shapes) or not layer.visible:
            continue
        chosen = sorted(layer.selected_data) or ([0] if len(layer.data) == 1 else [])
        if chosen:
            return [
                np.array([layer.data_to_world(corner) for corner in _outline(layer.data[i], layer.shape_type[i])])
                for i in chosen
            ]
    return []


def _outline(corners: NDArray[Any], kind: str) -> NDArray[np.float64]:
    """Corners (n, axes) of a closed outline; an ellipse is given by the corners of its box."""
    corners = np.asarray(corners, np.float64)
    if kind != "ellipse":
        return np.array(corners)
    middle = corners.mean(0)
    one, other = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)[:, None]
    return np.asarray(middle + np.cos(angles) * one + np.sin(angles) * other, np.float64)
