"""Where a small picture lies over a plane of an image: a part of its pixels, or a grid of large cells."""

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_cliptrase.plugin.state.geometry import LayerGeometry


def lifted(picture: NDArray[Any], geometry: LayerGeometry) -> NDArray[Any]:
    """Give a picture, (h, w) or (h, w, colours), the axes of the geometry, of length one where it has none."""
    colours = picture.shape[2:]
    height, width = picture.shape[:2]
    shape = [1] * len(geometry.shape)
    shape[geometry.rows], shape[geometry.columns] = height, width
    oriented = picture if geometry.rows < geometry.columns else picture.swapaxes(0, 1)
    return oriented.reshape(*shape, *colours)


def place_over(
    geometry: LayerGeometry,
    plane: tuple[int, ...],
    start: tuple[float, float],
    step: tuple[float, float] = (1.0, 1.0),
) -> dict[str, Any]:
    """Return scale, translate and the rest for a lifted picture.

    Parameters
    ----------
    geometry, plane
        The label layers' geometry and the plane that the picture belongs to.
    start
        (row, column) of the centre of the picture's first cell, in pixels of the plane.
    step
        Pixels from one cell to the next, down and across.
    """
    place = geometry.place
    scale = np.array(place["scale"], float)
    offset = np.zeros(len(geometry.shape))
    for axis, position in zip(geometry.plane_axes, plane, strict=True):
        offset[axis] = position
    offset[geometry.rows], offset[geometry.columns] = start
    linear = Affine(scale=scale, rotate=place["rotate"], shear=place["shear"]).linear_matrix
    scale[geometry.rows] *= step[0]
    scale[geometry.columns] *= step[1]
    return {**place, "scale": scale, "translate": np.asarray(place["translate"], float) + linear @ offset}


def place_grid(
    geometry: LayerGeometry, plane: tuple[int, ...], rows: slice, columns: slice, grid: tuple[int, int]
) -> dict[str, Any]:
    """Return the place of a grid of cells that covers the box ``rows`` × ``columns`` of a plane edge to edge."""
    step = (rows.stop - rows.start) / grid[0], (columns.stop - columns.start) / grid[1]
    start = rows.start + step[0] / 2 - 0.5, columns.start + step[1] / 2 - 0.5
    return place_over(geometry, plane, start, step)


def position_in(geometry: LayerGeometry, world: Any) -> NDArray[np.float64]:
    """Position (axes,) in the label data of a world position, whether a label layer exists or not."""
    place = geometry.place
    ndim = len(geometry.shape)
    point = np.asarray(world, float)
    point = point[-ndim:] if point.size >= ndim else np.concatenate([np.zeros(ndim - point.size), point])
    in_place = Affine(**{key: place[key] for key in ("scale", "rotate", "shear", "translate")})
    outer = np.asarray(place["affine"], float)
    physical = np.linalg.solve(outer[:-1, :-1], point - outer[:-1, -1])
    return np.asarray(np.linalg.solve(in_place.linear_matrix, physical - in_place.translate))


def world_of(geometry: LayerGeometry, plane: tuple[int, ...], pixel: tuple[float, float]) -> NDArray[np.float64]:
    """World position of (row, column) of a plane: what `position_in` turns back."""
    place = geometry.place
    point = np.zeros(len(geometry.shape))
    for axis, position in zip(geometry.plane_axes, plane, strict=True):
        point[axis] = position
    point[geometry.rows], point[geometry.columns] = pixel
    in_place = Affine(**{key: place[key] for key in ("scale", "rotate", "shear", "translate")})
    outer = np.asarray(place["affine"], float)
    physical = in_place.linear_matrix @ point + in_place.translate
    return np.asarray(outer[:-1, :-1] @ physical + outer[:-1, -1])


def camera_of(viewer: ViewerModel) -> Any:
    """Return the camera, which moved from the viewer to its scene in napari 0.9."""
    return getattr(viewer, "scene", viewer).camera
