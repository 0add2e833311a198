"""Bring a place of an image into view, large enough to be seen and with what lies around it."""

from typing import Final

import numpy as np
from napari.components import ViewerModel

from napari_cliptrase.plugin.layers.placement import camera_of, world_of
from napari_cliptrase.plugin.state.geometry import Target

SMALLEST_ON_SCREEN: Final = 60
LARGEST_ON_SCREEN: Final = 500
"""Screen pixels that a place should measure at least and at most."""


def bring_into_view(viewer: ViewerModel, target: Target, middle: tuple[float, float], size: tuple[int, int]) -> None:
    """Centre the view on ``middle`` (row, column) of a target's box; zoom only where ``size`` (h, w) asks for it."""
    row, column = middle
    world = world_of(target.geometry, target.plane, (target.rows.start + row, target.columns.start + column))
    for axis in range(viewer.dims.ndim - len(world), viewer.dims.ndim):
        if axis not in viewer.dims.displayed:
            viewer.dims.set_point(axis, world[axis - viewer.dims.ndim])
    camera = camera_of(viewer)
    padded = np.concatenate([np.asarray(viewer.dims.point, float)[: viewer.dims.ndim - len(world)], world])
    camera.center = tuple(padded[list(viewer.dims.displayed)])
    scale = np.abs(np.asarray(target.geometry.place["scale"], float))
    length = max(size[0] * scale[target.geometry.rows], size[1] * scale[target.geometry.columns])
    camera.zoom = float(np.clip(camera.zoom, SMALLEST_ON_SCREEN / length, max(LARGEST_ON_SCREEN / length, 1e-9)))
