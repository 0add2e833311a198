"""Mouse events for the interactive SAM: presses on the canvas become clicks and boxes in pixels of the image."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from psygnal import Signal

from napari_cliptrase.plugin.layers.placement import position_in
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.tools.click_or_drag import within_slack

Corner = tuple[float, float]
"""(row, column) in pixels of the plane, with fractions."""


class SamPointer:
    """Listens to the left button while ``hears()`` is true; with Ctrl a click marks what is not part of the object.

    Signals: ``clicked(row, column, inside)``; ``dragging(corner, corner)`` while a box is drawn and
    ``boxed(corner, corner)``, cut to the image, at its end.
    """

    clicked = Signal(float, float, bool)
    dragging = Signal(tuple, tuple)
    boxed = Signal(tuple, tuple)

    def __init__(self, viewer: ViewerModel, hears: Callable[[], bool]) -> None:
        self._viewer = viewer
        self._hears = hears
        self._target: Target | None = None
        self._layer: Image | None = None

    def start(self, target: Target, layer: Image) -> None:
        """Listen to presses over a plane; drags draw boxes instead of moving the view, unless ``layer`` pans."""
        self._target, self._layer = target, layer
        layer.mouse_pan = False
        self._viewer.mouse_drag_callbacks.append(self._on_press)

    def stop(self) -> None:
        """Stop listening; a drag that has begun draws nothing."""
        self._target = self._layer = None
        self._viewer.mouse_drag_callbacks.remove(self._on_press)

    def _on_press(self, _viewer: Any, event: Any) -> Iterator[None]:
        target, layer = self._target, self._layer
        if event.button != 1 or target is None or layer is None or layer.mouse_pan or not self._hears():
            return
        if "Alt" in event.modifiers:
            return  # napari zooms
        start, pressed, still = _pixel(target, event), np.asarray(event.pos), True
        inside = "Control" not in event.modifiers
        yield
        while event.type == "mouse_move":
            still = still and within_slack(event, pressed)
            if not still:
                self.dragging.emit(start, _pixel(target, event))
            yield
        if self._target is None:
            return
        if still:
            self.clicked.emit(*start, inside)
        else:
            self.boxed.emit(_clipped(start, target), _clipped(_pixel(target, event), target))


def _pixel(target: Target, event: Any) -> Corner:
    position = position_in(target.geometry, event.position)
    return float(position[target.geometry.rows]), float(position[target.geometry.columns])


def _clipped(corner: Corner, target: Target) -> Corner:
    height, width = target.shape
    return min(max(corner[0], -0.5), height - 0.5), min(max(corner[1], -0.5), width - 0.5)
