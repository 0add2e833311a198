"""What the mouse does over the image, for the dock "Explore patches"."""

from collections.abc import Generator
from typing import Any

from napari.layers import Labels
from psygnal import Signal

from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.click_or_drag import follow_press
from napari_cliptrase.plugin.tools.region_pointer import pixel_at
from napari_cliptrase.plugin.tools.region_tool import RegionTool


class Pointer:
    """Signals: ``moved(row, column)`` and ``clicked(row, column)``, in pixels of the encoded picture.

    Only clicks count that no tool uses: neither a brush nor the region tool. Nothing is emitted beside the picture.
    """

    moved = Signal(int, int)
    clicked = Signal(int, int)

    def __init__(self, session: Session, region_tool: RegionTool) -> None:
        self._session = session
        self._region_tool = region_tool
        self.listening = False

    def listen(self, on: bool) -> None:
        """Start or stop listening to the mouse."""
        if on is self.listening:
            return
        self.listening = on
        viewer = self._session.viewer
        if on:
            viewer.mouse_move_callbacks.append(self._on_move)
            viewer.mouse_drag_callbacks.append(self._on_press)
        else:
            viewer.mouse_move_callbacks.remove(self._on_move)
            viewer.mouse_drag_callbacks.remove(self._on_press)

    def _pixel(self, event: Any) -> tuple[int, int] | None:
        encoded = self._session.encoded
        pixel = None if encoded is None else pixel_at(encoded.source.target, event.position)
        if encoded is None or pixel is None:
            return None
        height, width = encoded.encoding.shape
        return pixel if 0 <= pixel[0] < height and 0 <= pixel[1] < width else None

    def _on_move(self, _viewer: Any, event: Any) -> None:
        pixel = self._pixel(event)
        if pixel is not None:
            self.moved.emit(*pixel)

    def _on_press(self, _viewer: Any, event: Any) -> Generator[None, None, None]:
        active = self._session.viewer.layers.selection.active
        painting = isinstance(active, Labels) and active.mode not in ("pan_zoom", "pick")
        if event.button != 1 or painting or self._region_tool.on:
            return
        still = yield from follow_press(event)
        pixel = self._pixel(event)
        if still and pixel is not None:
            self.clicked.emit(*pixel)
