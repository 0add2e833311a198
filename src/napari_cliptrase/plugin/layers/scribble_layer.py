"""A label layer over a plane whose strokes are examples, not labels: napari's brush, eraser and undo work in it."""

from typing import Final

import numpy as np
from napari.components import LayerList
from napari.layers import Labels
from psygnal import Signal

from napari_cliptrase.array_types import LabelArray, Mask
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.appearance import apply_classes, label_dtype
from napari_cliptrase.plugin.layers.drawing_aids import defer_drawing_aids
from napari_cliptrase.plugin.layers.list_edits import selection_kept
from napari_cliptrase.plugin.layers.placement import lifted, place_over
from napari_cliptrase.plugin.layers.quick_removal import remove_layers
from napari_cliptrase.plugin.layers.strokes import StrokeBox, Strokes
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.tags import Role, Tag, set_tag

BRUSH_SHARE: Final = 1 / 45
"""Width of the brush at first, as a share of the shorter side of the image."""
SCRIBBLE_OPACITY: Final = 0.95
"""More than label layers have, so that a mark is seen on the labels of its class."""


class ScribbleLayer:
    """The layer while it is in the list. Signal: ``changed()`` after a stroke, and when one was taken back."""

    changed = Signal()

    def __init__(self, viewer_layers: LayerList) -> None:
        self._list = viewer_layers
        self._strokes = Strokes(self)
        self._target: Target | None = None
        self._layer: Labels | None = None

    @property
    def layer(self) -> Labels | None:
        """The layer; None when it is not in the list."""
        return self._layer if self._layer is not None and self._layer in self._list else None

    @property
    def marks(self) -> LabelArray | None:
        """(h, w) class ids of the box of the target, 0 without a mark."""
        if self._layer is None or self._target is None:
            return None
        geometry = self._target.geometry
        return geometry.plane_of(self._layer.data, (0,) * len(geometry.plane_axes))

    def open(self, target: Target, marks: LabelArray | None, table: ClassTable) -> Labels:
        """Put the layer over the box of a target, with the marks (h, w) that are there already."""
        self.close()
        start = np.zeros(target.shape, label_dtype(table))
        if marks is not None and marks.shape == target.shape:
            start = marks.astype(np.promote_types(start.dtype, marks.dtype))
        geometry = target.geometry
        layer = Labels(
            np.ascontiguousarray(lifted(start, geometry)),
            name=f"scribbles · {target.image_name}",
            opacity=SCRIBBLE_OPACITY,
            **place_over(geometry, target.plane, (target.rows.start, target.columns.start)),
        )
        set_tag(layer, Tag(Role.PREVIEW, str(target.image_id), target.image_name, str(layer.unique_id)))
        layer.brush_size = max(3, round(min(target.shape) * BRUSH_SHARE))
        self._target, self._layer = target, layer
        self.show_classes(table)
        defer_drawing_aids(layer)
        with selection_kept(self._list):
            self._list.append(layer)
        self._strokes.watch(layer)
        return layer

    def close(self) -> None:
        """Take the layer out of the list."""
        layer, self._layer, self._target = self._layer, None, None
        if layer is not None:
            if self._strokes.watches(layer):
                self._strokes.release(layer)
            if layer in self._list:
                remove_layers(self._list, [layer])

    def show_classes(self, table: ClassTable) -> None:
        """Use the names and colours of a table."""
        if self._layer is not None:
            apply_classes(self._layer, table)

    def mark(self, class_id: int, where: Mask) -> None:
        """Mark the pixels ``where`` (h, w) of the box, in one step that undo takes back; 0 takes marks away."""
        layer, target = self.layer, self._target
        if layer is None or target is None:
            return
        places = np.nonzero(lifted(where, target.geometry))
        if places[0].size:
            layer.data_setitem(places, class_id)

    # -- what a person does in it, see StrokeListener -----------------------------------------------------------------

    def touching(self, layer: Labels, box: StrokeBox) -> None:
        """Nothing: what counts is how the layer looks at the end of a stroke."""

    def touched(self, layer: Labels, box: StrokeBox, mask: Mask) -> None:
        """Nothing, as above."""

    def committed(self, layer: Labels) -> None:
        """Nothing, as above."""

    def ended(self, layer: Labels) -> None:
        """A stroke is over."""
        self.changed.emit()

    def aborted(self, layer: Labels) -> None:
        """A stroke was taken back before its end."""
        self.changed.emit()

    def undone(self, layer: Labels) -> None:
        """A stroke was taken back."""
        self.changed.emit()

    def redone(self, layer: Labels) -> None:
        """A stroke was made again."""
        self.changed.emit()

    def steps_lost(self, layer: Labels) -> None:
        """Nothing: the marks stay."""
