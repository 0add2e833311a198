import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_cliptrase.plugin.widgets.picture_room import LEAST_WIDTH, PictureRoom, shows_everything

DOCK = 400


class Canvas(QWidget):
    """Gives a viewer its size, as napari's canvas does."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer

    def resizeEvent(self, event):
        self._viewer.canvas.size = (self.height(), self.width())


@pytest.fixture
def viewer():
    if not hasattr(ViewerModel(), "canvas"):
        pytest.skip("the size of the canvas is part of the viewer since napari 0.9")
    return ViewerModel()


@pytest.fixture
def window(qtbot, viewer):
    window = QMainWindow()
    window.setCentralWidget(Canvas(viewer))
    window.resize(800, 600)
    qtbot.addWidget(window)
    window.show()
    viewer.add_image(np.zeros((300, 400), np.uint8))
    viewer.reset_view()
    return window


def open_dock(window, viewer):
    inner = QWidget()
    inner.setMinimumWidth(DOCK)
    PictureRoom(inner, viewer)
    dock = QDockWidget()
    dock.setWidget(inner)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    return inner


def pass_turns(qtbot, turns=3):
    """Let timers of no duration fire, and those that they start."""
    timer = QTimer()
    timer.setSingleShot(True)
    for _ in range(turns):
        with qtbot.waitSignal(timer.timeout):
            timer.start(0)


def test_a_small_window_grows_and_the_whole_picture_stays_in_view(qtbot, window, viewer):
    assert shows_everything(viewer)
    open_dock(window, viewer)
    qtbot.waitUntil(lambda: window.centralWidget().width() >= LEAST_WIDTH)
    qtbot.waitUntil(lambda: shows_everything(viewer))
    assert window.geometry().right() <= window.screen().availableGeometry().right()


def test_a_part_that_somebody_looks_at_is_left_alone(qtbot, window, viewer):
    viewer.camera.zoom = zoom = 20 * viewer.camera.zoom
    assert not shows_everything(viewer)
    open_dock(window, viewer)
    qtbot.waitUntil(lambda: window.centralWidget().width() >= LEAST_WIDTH)
    pass_turns(qtbot)  # nothing happens where the whole picture comes into view elsewhere
    assert viewer.camera.zoom == zoom


def test_a_large_window_keeps_its_size(qtbot, window, viewer):
    window.resize(LEAST_WIDTH + DOCK + 300, 600)
    before = window.width()
    inner = open_dock(window, viewer)
    qtbot.waitUntil(inner.isVisible)
    pass_turns(qtbot)  # nothing happens where a small window grows
    assert window.width() == before


def test_three_dimensions_are_never_whole(viewer):
    viewer.add_image(np.zeros((4, 30, 40), np.uint8))
    viewer.reset_view()
    assert shows_everything(viewer)
    viewer.dims.ndisplay = 3
    assert not shows_everything(viewer)
