"""How label layers lie over an image layer: their shape, their place in the world, and which part a result covers.

A label layer has the axes of its image (an RGB image's colour axis is none of its axes). An axis of channels has no
meaning for labels: at the front it is left out, further back it keeps length one, stretched over all the channels, so
that the labels are seen whichever channel is shown.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from napari.layers import Image, Labels
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_cliptrase.array_types import Mask
from napari_cliptrase.errors import CliptraseError


@dataclass(frozen=True)
class LayerGeometry:
    """Shape, place and axes of the label layers of one image.

    Attributes
    ----------
    shape
        Of the label data.
    rows, columns
        The axes of the label data that are Y and X.
    place
        Keyword arguments of a Labels layer: scale, translate, rotate, shear, affine, units, axis_labels.
    """

    shape: tuple[int, ...]
    rows: int
    columns: int
    place: dict[str, Any] = field(compare=False, repr=False)

    @property
    def plane_shape(self) -> tuple[int, int]:
        """(H, W) of one plane."""
        return self.shape[self.rows], self.shape[self.columns]

    @property
    def plane_axes(self) -> tuple[int, ...]:
        """The axes that count planes, in order."""
        return tuple(axis for axis in range(len(self.shape)) if axis not in (self.rows, self.columns))

    def plane_of(self, data: Any, plane: tuple[int, ...]) -> NDArray[Any]:
        """(H, W) view (of a numpy array) or copy (of anything else) of one plane of label data."""
        index: list[Any] = [slice(None)] * len(self.shape)
        for axis, position in zip(self.plane_axes, plane, strict=True):
            index[axis] = position
        found = np.asarray(data[tuple(index)])
        return found if self.rows < self.columns else found.T

    def indices(self, plane: tuple[int, ...], where: Mask) -> tuple[NDArray[np.intp], ...]:
        """Index arrays into label data for the pixels of one plane where a mask (H, W) is True, row by row."""
        # np.nonzero of two axes takes three times as long
        rows = np.repeat(np.arange(where.shape[0]), np.count_nonzero(where, axis=1))
        columns = np.flatnonzero(where) - rows * where.shape[1]
        index = {axis: np.full(rows.shape, at, np.intp) for axis, at in zip(self.plane_axes, plane, strict=True)}
        index |= {self.rows: rows, self.columns: columns}
        return tuple(index[axis] for axis in range(len(self.shape)))

    def fits(self, layer: Labels) -> bool:
        """Whether a layer's data has this geometry's shape and can be painted."""
        return not layer.multiscale and tuple(layer.data.shape) == self.shape


@dataclass(frozen=True)
class Target:
    """The pixels that a result is about: a box in one plane of one state of an image.

    Attributes
    ----------
    image_id, image_name
        ``unique_id`` of the image layer, and its name for messages.
    version
        Of the image's data; a result for another version is not written.
    geometry, plane
        Geometry, and the index of the plane along ``geometry.plane_axes``.
    rows, columns
        The box inside the plane.
    mask
        (rows, columns) of the box, True where a result may be written; None = everywhere.
    """

    image_id: UUID
    image_name: str
    version: int
    geometry: LayerGeometry
    plane: tuple[int, ...]
    rows: slice
    columns: slice
    mask: Mask | None = field(default=None, compare=False, repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of the box."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    @property
    def box(self) -> tuple[slice, slice]:
        """Index of the box in an (H, W) plane."""
        return self.rows, self.columns

    def whole_plane(self) -> "Target":
        """Return the target of the whole plane."""
        height, width = self.geometry.plane_shape
        return Target(
            self.image_id, self.image_name, self.version, self.geometry, self.plane, slice(0, height), slice(0, width)
        )


def geometry_of(image: Image, *, rows: int, columns: int, channel: int | None = None, level: int = 0) -> LayerGeometry:
    """Return the geometry of the label layers of ``image``.

    ``rows``, ``columns`` and ``channel`` are axes of the layer (the colour axis of an RGB image is none);
    ``level`` is the level of a multiscale image whose pixels the labels have.
    """
    data = image.data[level] if image.multiscale else image.data
    sizes = list(data.shape[: image.ndim])
    if len({rows, columns, channel}) < 3 or not all(0 <= axis < image.ndim for axis in (rows, columns)):
        raise CliptraseError(
            f"The axes of image {image.name!r} are not clear; choose one axis for rows and another for columns."
        )
    stretch = _level_steps(image, level)
    transform = Affine(scale=image.scale, rotate=image.rotate, shear=image.shear, translate=image.translate)
    dropped = channel == 0
    if channel is not None and not dropped:
        stretch[channel] = sizes[channel]
        sizes[channel] = 1
    place: dict[str, Any] = {
        "scale": image.scale * stretch,
        "translate": image.translate + transform.linear_matrix @ ((stretch - 1) / 2),
        "rotate": image.rotate,
        "shear": image.shear,
        "affine": image.affine,
        "units": image.units,
        "axis_labels": image.axis_labels,
    }
    if dropped:
        inner = Affine(linear_matrix=transform.linear_matrix[1:, 1:])
        place = {
            "scale": inner.scale * stretch[1:],
            "translate": place["translate"][1:],
            "rotate": inner.rotate,
            "shear": inner.shear if np.any(inner.shear) else np.zeros((inner.ndim * (inner.ndim - 1)) // 2),
            "affine": image.affine.affine_matrix[1:, 1:],
            "units": image.units[1:],
            "axis_labels": image.axis_labels[1:],
        }
        sizes, rows, columns = sizes[1:], rows - 1, columns - 1
    return LayerGeometry(tuple(sizes), rows, columns, place)


def _level_steps(image: Image, level: int) -> NDArray[np.float64]:
    """How many pixels of the finest level one pixel of ``level`` spans, for each axis of the layer."""
    if not image.multiscale:
        return np.ones(image.ndim)
    finest, chosen = image.data[0].shape[: image.ndim], image.data[level].shape[: image.ndim]
    return np.asarray(finest, float) / np.asarray(chosen, float)
