"""A small picture of large labels that are being written: a layer shows it until the labels themselves are shown.

A layer over the labels on disk would read all of them each time that something comes; this reads nothing.
"""

import math

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.appearance import apply_classes
from napari_cliptrase.plugin.layers.list_edits import selection_kept
from napari_cliptrase.plugin.layers.placement import lifted, place_over
from napari_cliptrase.plugin.state.geometry import Target

_SIDE = 1024
"""Pixels of the picture along its longer side, at most."""


class LabelsSoFar:
    """The labels of a plane as far as they are known; another thread may add parts.

    Parameters
    ----------
    target
        The image and the plane.
    table
        Names and colours of the classes.
    """

    def __init__(self, target: Target, table: ClassTable) -> None:
        shape = target.geometry.plane_shape
        self._target, self._table = target, table
        self._step = max(1, math.ceil(max(shape) / _SIDE))
        height, width = (max(1, size // self._step) for size in shape)
        highest = max((entry.id for entry in table), default=0)
        self._picture = np.zeros((height, width), np.uint8 if highest < 256 else np.uint16)
        self._layer: Labels | None = None
        self._new = False

    def add(self, rows: slice, columns: slice, labels: LabelArray) -> None:
        """Take the labels (h, w) of a part of the plane into the picture."""
        cells = [
            np.arange(max(0, -(-(part.start - self._step // 2) // self._step)), size)
            for part, size in zip((rows, columns), self._picture.shape, strict=True)
        ]
        pixels = [cell * self._step + self._step // 2 for cell in cells]
        inside = [pixel < part.stop for pixel, part in zip(pixels, (rows, columns), strict=True)]
        (y, x), (top, left) = (
            [values[chosen] for values, chosen in zip(of_axes, inside, strict=True)] for of_axes in (cells, pixels)
        )
        self._picture[np.ix_(y, x)] = labels[np.ix_(top - rows.start, left - columns.start)]
        self._new = True

    def show(self, viewer: ViewerModel) -> None:
        """Show what is new; a layer that the user has removed does not come back, and no other is deselected."""
        if not self._new:
            return
        self._new = False
        if self._layer is None:
            geometry, start = self._target.geometry, (self._step - 1) / 2
            place = place_over(geometry, self._target.plane, (start, start), (self._step, self._step))
            picture = lifted(self._picture, geometry)
            name = f"labels so far · {self._target.image_name}"
            with selection_kept(viewer.layers):
                self._layer = viewer.add_labels(picture, name=name, **place)
            self._layer.editable = False
            apply_classes(self._layer, self._table)
        elif self._layer in viewer.layers:
            self._layer.refresh()

    def remove(self, viewer: ViewerModel) -> None:
        """Remove the layer: the labels themselves are shown now."""
        if self._layer is not None and self._layer in viewer.layers:
            viewer.layers.remove(self._layer)
