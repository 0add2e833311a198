from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks

from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.explore.pointer import Pointer


class Mouse:
    """A mouse over an encoded image, and what the pointer tells of it."""

    def __init__(self, make_encoding):
        self.viewer = ViewerModel()
        self.session = Session(self.viewer)
        self.image = self.viewer.add_image(np.zeros((40, 60, 3), np.uint8), rgb=True, scale=(2, 2))
        self.region_tool = SimpleNamespace(on=False)
        self.pointer = Pointer(self.session, self.region_tool)
        self.told = []
        self.pointer.moved.connect(lambda row, column: self.told.append(("moved", row, column)))
        self.pointer.clicked.connect(lambda row, column: self.told.append(("clicked", row, column)))
        source = plane_source_of(self.viewer, self.image, 0)
        self.session.encoded = Encoded(source, np.zeros((40, 60, 3), np.uint8), make_encoding((40, 60), (4, 6)), "m")
        self.pointer.listen(True)

    def event(self, kind, row, column, pos=(5, 5), button=1):
        event = SimpleNamespace(
            type=kind,
            position=tuple(self.image.data_to_world((row, column))),
            pos=pos,
            modifiers=(),
            button=button,
            is_dragging=False,
            handled=False,
        )
        return ReadOnlyWrapper(event, exceptions=("handled",))

    def move(self, row, column, pos=(5, 5)):
        mouse_move_callbacks(self.viewer, self.event("mouse_move", row, column, pos))

    def press_and_release(self, row, column, *, moved_to=(5, 5), button=1):
        mouse_press_callbacks(self.viewer, self.event("mouse_press", row, column, button=button))
        mouse_move_callbacks(self.viewer, self.event("mouse_move", row, column, moved_to, button))
        self.told = [said for said in self.told if said[0] == "clicked"]
        mouse_release_callbacks(self.viewer, self.event("mouse_release", row, column, moved_to, button))


@pytest.fixture
def mouse(make_encoding):
    return Mouse(make_encoding)


def test_moves_are_reported_in_pixels_of_the_picture_and_beside_it_nothing(mouse):
    mouse.move(25.2, 41.4)
    mouse.move(-3, 5)
    assert mouse.told == [("moved", 25, 41)]


def test_a_click_is_reported_and_a_drag_is_not(mouse):
    mouse.press_and_release(25, 41, moved_to=(7, 5))
    assert mouse.told == [("clicked", 25, 41)]
    mouse.told.clear()
    mouse.press_and_release(25, 41, moved_to=(25, 5))
    assert mouse.told == []


def test_a_click_beside_the_picture_is_not_ours(mouse):
    mouse.press_and_release(25, 61)
    assert mouse.told == []


def test_a_click_with_another_button_is_not_ours(mouse):
    mouse.press_and_release(25, 41, button=2)
    assert mouse.told == []


@pytest.mark.parametrize(("mode", "told"), [("paint", 0), ("erase", 0), ("pan_zoom", 1), ("pick", 1)])
def test_a_click_that_the_brush_wants_is_left_to_it(mouse, mode, told):
    layer = mouse.viewer.add_labels(np.zeros((40, 60), int))
    layer.mode = mode
    mouse.press_and_release(25, 41)
    assert len(mouse.told) == told


def test_a_click_that_the_region_tool_wants_is_left_to_it(mouse):
    mouse.region_tool.on = True
    mouse.press_and_release(25, 41)
    assert mouse.told == []


def test_without_an_encoding_there_is_nothing_to_point_at(mouse):
    mouse.session.encoded = None
    mouse.move(25, 41)
    mouse.press_and_release(25, 41)
    assert mouse.told == []


def test_it_hears_nothing_once_it_stops_and_each_thing_once_when_told_twice_to_listen(mouse):
    mouse.pointer.listen(True)
    mouse.move(25, 41)
    assert mouse.told == [("moved", 25, 41)]
    mouse.pointer.listen(False)
    mouse.pointer.listen(False)
    mouse.move(5, 5)
    mouse.press_and_release(5, 5)
    assert mouse.told == []
    assert not mouse.pointer.listening
