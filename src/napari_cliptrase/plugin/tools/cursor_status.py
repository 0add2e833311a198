"""What the model found under the cursor: class, probability and runner-up, in the status bar behind the coordinates."""

from typing import Any

from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.region_pointer import pixel_at


class CursorStatus:
    """Adds to the status that napari shows while the mouse is over a segmented image."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # last, so that the window does not show the bare text after this one
        session.viewer.events.status.connect(self._on_status, position="last")

    def text_at(self, world: Any) -> str:
        """Return the text for a world position; empty where nothing was segmented."""
        segmented = self._session.segmented
        if segmented is None:
            return ""
        target = segmented.source.target
        pixel = pixel_at(target, world)
        if pixel is None or not all(0 <= at < size for at, size in zip(pixel, target.shape, strict=True)):
            return ""
        best, second = segmented.segmentation.at(*pixel)
        return f"{best[1]} {best[2]:.2f}, then {second[1]} {second[2]:.2f}"

    def _on_status(self, _event: Any) -> None:
        viewer = self._session.viewer
        status = viewer.status
        if not isinstance(status, dict):
            return
        text, coordinates = self.text_at(viewer.cursor.position), status.get("coordinates", "")
        if text and not coordinates.endswith(text):
            viewer.status = {**status, "coordinates": f"{coordinates}   {text}"}
