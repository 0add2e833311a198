"""What napari draws for the tools of a label layer looks and works as ever, though it is made later."""

import gc

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication
from vispy.scene.visuals import Ellipse, Polygon

from napari_cliptrase.plugin.layers.drawing_aids import defer_drawing_aids

SIDE = 40
CORNERS = ((10, 8), (10, 30), (30, 20))


@pytest.fixture
def desk(make_napari_viewer, qtbot):
    return Desk(make_napari_viewer(show=True), qtbot)


class Desk:
    """A window, whose mouse draws in a label layer."""

    def __init__(self, viewer, qtbot):
        self.viewer = viewer
        self.qtbot = qtbot
        viewer.add_image(np.full((SIDE, SIDE), 0.5))
        (self.canvas,) = (
            widget
            for widget in QApplication.allWidgets()
            if type(widget).__name__ == "CanvasBackendDesktop" and widget.isVisible()
        )

    def layer(self, *, deferred):
        """A new label layer with a scale and an offset, the only one in the list."""
        for layer in [layer for layer in self.viewer.layers if isinstance(layer, Labels)]:
            self.viewer.layers.remove(layer)
        labels = Labels(np.zeros((SIDE, SIDE), np.uint8), scale=(0.5, 0.5), translate=(9, 9), name="labels")
        labels.selected_label = 2
        if deferred:
            defer_drawing_aids(labels)
        self.viewer.add_layer(labels)
        self.viewer.reset_view()
        QApplication.processEvents()
        return labels

    def at(self, row, column):
        """The place of the canvas at a place of the layer."""
        world = np.array((row, column)) * 0.5 + 9
        middle = np.array(self.viewer.scene.camera.center[-2:])
        y, x = (world - middle) * self.viewer.scene.camera.zoom
        return QPoint(round(self.canvas.width() / 2 + x), round(self.canvas.height() / 2 + y))

    def picture_of_polygon(self, labels):
        """What the canvas shows while a polygon is drawn, which is then finished."""
        labels.mode = "polygon"
        for row, column in CORNERS:
            self.qtbot.mouseMove(self.canvas, self.at(row, column))
            self.qtbot.mouseClick(self.canvas, Qt.MouseButton.LeftButton, pos=self.at(row, column))
        shown = self.viewer.screenshot(canvas_only=True, flash=False)
        self.qtbot.mouseDClick(self.canvas, Qt.MouseButton.LeftButton, pos=self.at(*CORNERS[-1]))
        return shown


def made(kind):
    return sum(isinstance(thing, kind) for thing in gc.get_objects())


def test_a_polygon_looks_and_works_as_in_a_layer_of_napari(desk):
    theirs = desk.layer(deferred=False)
    expected = desk.picture_of_polygon(theirs)
    ours = desk.layer(deferred=True)
    plain = desk.viewer.screenshot(canvas_only=True, flash=False)
    shown = desk.picture_of_polygon(ours)
    assert (shown != plain).any(), "no polygon was drawn"
    np.testing.assert_array_equal(shown, expected)
    assert ours.data[14, 20] == 2
    np.testing.assert_array_equal(ours.data, theirs.data)


@pytest.mark.parametrize(("mode", "kind"), [("polygon", Polygon), ("paint", Ellipse)])
def test_what_a_tool_draws_is_made_when_the_tool_is_chosen(desk, mode, kind):
    before = made(kind)
    labels = desk.layer(deferred=True)
    assert made(kind) == before
    labels.mode = "fill"
    assert made(kind) == before
    labels.mode = mode
    now = made(kind)
    assert now > before
    labels.mode = "pan_zoom"
    labels.mode = mode
    assert made(kind) == now
