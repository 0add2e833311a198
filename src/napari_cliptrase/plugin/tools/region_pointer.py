"""Regions under the cursor: the one that is pointed at lights up, and a click hands it to a tool.

A tool of this kind behaves like a tool of napari: while it is on, the label layers are in pan & zoom mode; choosing the
brush or another mode of a label layer ends it.
"""

from collections.abc import Collection, Generator
from typing import Any, Final

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal
from scipy.ndimage import binary_erosion

from napari_cliptrase.array_types import Mask
from napari_cliptrase.classes.colors import RGB
from napari_cliptrase.plugin.layers.overlay_layer import OverlayLayer
from napari_cliptrase.plugin.layers.placement import place_over, position_in
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.click_or_drag import follow_press
from napari_cliptrase.plugin.tools.region_parts import RegionPart, RegionParts
from napari_cliptrase.progress import Progress

CLEAR_COLOR: Final[RGB] = (255, 255, 255)
FILL_ALPHA: Final = 90


class RegionPointer:
    """Highlights regions; a tool says in `take` what a click does. ``toggled(on)`` when it starts and ends."""

    toggled = Signal(bool)

    def __init__(self, session: Session, jobs: Jobs) -> None:
        self._session = session
        self._jobs = jobs
        self._picture = OverlayLayer(session.viewer, "Region under the cursor", blending="translucent")
        self._encoded: Encoded | None = None
        self._parts: RegionParts | None = None
        self._shown: tuple[int, RGB] | None = None
        self._watched: Labels | None = None
        self.on = False

    def set_on(self, on: bool) -> None:
        """Start or end the tool."""
        if on is self.on:
            return
        self.on = on
        viewer = self._session.viewer
        if on:
            viewer.mouse_move_callbacks.append(self._on_move)
            viewer.mouse_drag_callbacks.append(self._on_press)
            viewer.layers.selection.events.active.connect(self._follow_active)
            self._session.encoded_changed.connect(self._find_parts)
            self._follow_active()
            self._find_parts()
        else:
            viewer.mouse_move_callbacks.remove(self._on_move)
            viewer.mouse_drag_callbacks.remove(self._on_press)
            viewer.layers.selection.events.active.disconnect(self._follow_active)
            self._session.encoded_changed.disconnect(self._find_parts)
            self._watch(None)
            self._picture.remove()
            self._shown = None
        self.toggled.emit(on)

    def mask_at(self, world: Any) -> Mask | None:
        """(h, w) the highlighted region at a world position, in the box of the encoding; None where there is none."""
        part = self.part_at(world)
        if part is None or self._encoded is None:
            return None
        mask = np.zeros(self._encoded.source.target.shape, bool)
        mask[part.pixels] = True
        return mask

    def part_at(self, world: Any) -> RegionPart | None:
        """RegionPart under a world position; None where there is none or the parts are still being found."""
        if self._encoded is None or self._parts is None:
            return None
        pixel = pixel_at(self._encoded.source.target, world)
        index = -1 if pixel is None else self._parts.index_at(*pixel)
        return None if index < 0 else self._parts.part(index)

    def take(self, world: Any, modifiers: Collection[str]) -> None:
        """Do what a click at a world position asks for, with keys held down such as ``Shift``."""
        raise NotImplementedError

    # -- mouse --------------------------------------------------------------------------------------------------------

    def _on_move(self, _viewer: Any, event: Any) -> None:
        part = self.part_at(event.position)
        if part is None or self._encoded is None:
            self._clear()
            return
        color = self._color()
        if self._shown == (part.index, color):
            return
        target = self._encoded.source.target
        start = target.rows.start + part.top, target.columns.start + part.left
        self._picture.show(target, highlight(part.mask, color), place_over(target.geometry, target.plane, start))
        self._shown = part.index, color

    def _on_press(self, _viewer: Any, event: Any) -> Generator[None, None, None]:
        if event.button != 1:
            return
        modifiers = tuple(event.modifiers)
        if (yield from follow_press(event)):
            self.take(event.position, modifiers)

    def _color(self) -> RGB:
        active = self._session.active_class
        entry = None if active is None else self._session.prompts.table().get(active)
        return CLEAR_COLOR if entry is None else entry.color

    def _clear(self) -> None:
        self._picture.hide()
        self._shown = None

    # -- what lies under the cursor -----------------------------------------------------------------------------------

    def _find_parts(self, _encoded: Any = None) -> None:
        """Label the parts of a new encoding's regions in a worker: that takes a while on a large image."""
        encoded = self._session.encoded
        if encoded is self._encoded:
            return
        self._encoded, self._parts = encoded, None
        self._clear()
        if encoded is None:
            return

        def steps() -> Generator[Progress, None, RegionParts]:
            yield Progress(0, 1, "Finding the parts of the regions")
            return RegionParts.of(encoded.encoding.region_map())

        def take(parts: RegionParts) -> None:
            if encoded is self._encoded:
                self._parts = parts

        self._jobs.start("Find regions", steps, done=take, key=f"regions of {type(self).__name__}")

    # -- napari's own tools -------------------------------------------------------------------------------------------

    def _follow_active(self, _event: Any = None) -> None:
        """Put a label layer that becomes active into pan & zoom, so that clicks reach the tool."""
        active = self._session.viewer.layers.selection.active
        layer = active if isinstance(active, Labels) else None
        if layer is not None:
            layer.mode = "pan_zoom"
        self._watch(layer)

    def _watch(self, layer: Labels | None) -> None:
        if self._watched is not None:
            self._watched.events.mode.disconnect(self._on_mode)
        self._watched = layer
        if layer is not None:
            layer.events.mode.connect(self._on_mode)

    def _on_mode(self, event: Any) -> None:
        if event.source.mode != "pan_zoom":
            self.set_on(False)


def pixel_at(target: Target, world: Any) -> tuple[int, int] | None:
    """(row, column) in the target's box of a world position; None on another plane, perhaps outside the box."""
    position = position_in(target.geometry, world)
    if any(round(position[axis]) != at for axis, at in zip(target.geometry.plane_axes, target.plane, strict=True)):
        return None
    row, column = round(position[target.geometry.rows]), round(position[target.geometry.columns])
    return row - target.rows.start, column - target.columns.start


def highlight(mask: NDArray[np.bool_], color: RGB) -> NDArray[np.uint8]:
    """(h, w, 4) uint8 picture of a part: its colour, light inside and full on its rim."""
    picture = np.zeros((*mask.shape, 4), np.uint8)
    picture[mask] = (*color, FILL_ALPHA)
    picture[mask & ~binary_erosion(mask)] = (*color, 255)
    return picture
