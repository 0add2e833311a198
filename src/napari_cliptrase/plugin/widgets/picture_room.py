"""Room for the picture beside a dock that opens: napari's first window is so small that a dock covers half of it."""

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QMainWindow, QWidget

from napari_cliptrase.plugin.layers.placement import camera_of

LEAST_WIDTH = 600
"""Pixels of canvas for which the window is widened, where the screen has them."""


class PictureRoom(QObject):
    """Once, when a dock is shown: widens a window that is not maximized, and keeps a picture that was whole, whole."""

    def __init__(self, dock: QWidget, viewer: ViewerModel) -> None:
        super().__init__(dock)
        self._dock = dock
        self._viewer = viewer
        self._was_whole = shows_everything(viewer)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._widen)
        dock.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: wait for the dock."""
        if event.type() == QEvent.Type.Show and watched is self._dock:
            self._dock.removeEventFilter(self)
            self._timer.start(0)
        return False

    def _widen(self) -> None:
        window = self._dock.window()
        fixed = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen
        if isinstance(window, QMainWindow) and window.centralWidget() is not None and not window.windowState() & fixed:
            free = window.screen().availableGeometry()
            missing = min(LEAST_WIDTH - window.centralWidget().width(), free.width() - window.frameGeometry().width())
            if missing > 0:
                window.resize(window.width() + missing, window.height())
                beyond = window.frameGeometry().right() - free.right()
                if beyond > 0:
                    window.move(max(free.left(), window.x() - beyond), window.y())
        if self._was_whole:
            self._timer.timeout.disconnect(self._widen)
            self._timer.timeout.connect(self._viewer.reset_view)
            self._timer.start(0)  # when the canvas knows its new size


def shows_everything(viewer: ViewerModel) -> bool:
    """Whether all that the viewer holds lies within its canvas; True for an empty one, False in 3D."""
    if viewer.dims.ndisplay != 2:
        return False
    if not viewer.layers:
        return True
    displayed = list(viewer.dims.displayed)
    world = np.asarray(viewer.layers.extent.world)[:, displayed]
    canvas = getattr(viewer, "canvas", None)  # napari 0.9; before it, the size has no public name
    size = np.asarray(canvas.size if canvas is not None else viewer._canvas_size, float)  # noqa: SLF001
    camera = camera_of(viewer)
    half = size / camera.zoom / 2
    center = np.asarray(camera.center)[-2:]
    return bool(np.all(world[0] >= center - half) and np.all(world[1] <= center + half))
