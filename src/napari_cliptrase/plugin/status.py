"""What the model says under the cursor: class, probability and runner-up, at the right of the status bar."""

from typing import Any

from napari_cliptrase.plugin.region_tool import pixel_at
from napari_cliptrase.plugin.session import Session


class CursorStatus:
    """Writes to the viewer's help text while the mouse is over a segmented image."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last = ""
        session.viewer.mouse_move_callbacks.append(self._on_move)

    def text_at(self, world: Any) -> str:
        """Say what is at a world position; empty where nothing was segmented."""
        segmented = self._session.segmented
        if segmented is None:
            return ""
        target = segmented.subject.target
        pixel = pixel_at(target, world)
        if pixel is None or not all(0 <= at < size for at, size in zip(pixel, target.shape, strict=True)):
            return ""
        best, second = segmented.segmentation.at(*pixel)
        return f"{best[1]} {best[2]:.2f}, then {second[1]} {second[2]:.2f}"

    def _on_move(self, viewer: Any, event: Any) -> None:
        text = self.text_at(event.position)
        if text != self._last:
            self._last = text
            viewer.help = text
