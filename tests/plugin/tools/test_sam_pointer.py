from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks

from napari_cliptrase.plugin.state.geometry import Target, geometry_of
from napari_cliptrase.plugin.tools.sam_pointer import SamPointer

SHAPE = (40, 60)
FAR = (90, 90)
"""A position on the screen that is no click any more, after a press at (5, 5)."""


class Mouse:
    """A mouse over an image with a place of its own in the world, and what the pointer made of it."""

    def __init__(self):
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(
            np.zeros((*SHAPE, 3), np.uint8), rgb=True, scale=(2.0, 0.5), rotate=30, translate=(7.0, -3.0)
        )
        self.layer = self.viewer.add_image(np.zeros((1, 1)))
        self.hears = True
        self.pointer = SamPointer(self.viewer, lambda: self.hears)
        height, width = SHAPE
        geometry = geometry_of(self.image, rows=0, columns=1)
        self.target = Target(self.image.unique_id, "scene", 0, geometry, (), slice(0, height), slice(0, width))
        self.clicks, self.boxes, self.drags = [], [], []
        self.pointer.clicked.connect(lambda row, column, inside: self.clicks.append((row, column, inside)))
        self.pointer.boxed.connect(lambda one, other: self.boxes.append((one, other)))
        self.pointer.dragging.connect(lambda one, other: self.drags.append((one, other)))

    def event(self, kind, place, pos, modifiers=(), button=1):
        event = SimpleNamespace(
            type=kind,
            position=tuple(self.image.data_to_world(place)),
            pos=pos,
            modifiers=modifiers,
            button=button,
            is_dragging=kind == "mouse_move",
            handled=False,
        )
        return ReadOnlyWrapper(event, exceptions=("handled",))

    def press(self, place, **how):
        mouse_press_callbacks(self.viewer, self.event("mouse_press", place, (5, 5), **how))

    def move(self, place, pos=FAR):
        mouse_move_callbacks(self.viewer, self.event("mouse_move", place, pos))

    def release(self, place, pos=(5, 5)):
        mouse_release_callbacks(self.viewer, self.event("mouse_release", place, pos))

    def click(self, place, **how):
        self.press(place, **how)
        self.release(place)


@pytest.fixture
def mouse():
    mouse = Mouse()
    mouse.pointer.start(mouse.target, mouse.layer)
    return mouse


def close(found, expected):
    return np.allclose(np.array(found, float), np.array(expected, float), atol=1e-6)


@pytest.mark.parametrize(("modifiers", "inside"), [((), True), (("Control",), False)])
def test_a_click_is_a_pixel_of_the_image_inside_or_beside_the_object(mouse, modifiers, inside):
    mouse.click((10.25, 20.5), modifiers=modifiers)
    assert close(mouse.clicks, [(10.25, 20.5, inside)])
    assert mouse.boxes == []


def test_a_drag_is_a_box_that_is_shown_while_it_grows(mouse):
    mouse.press((30, 50))
    mouse.move((20, 30))
    mouse.move((5, 10))
    assert close(mouse.drags, [((30, 50), (20, 30)), ((30, 50), (5, 10))])
    assert mouse.boxes == []
    mouse.release((5, 10))
    assert close(mouse.boxes, [((30, 50), (5, 10))])
    assert mouse.clicks == []


def test_a_hand_that_shakes_a_little_still_clicks(mouse):
    mouse.press((10, 20))
    mouse.move((10.5, 20.5), pos=(6, 6))
    mouse.release((10.5, 20.5))
    assert close(mouse.clicks, [(10, 20, True)])
    assert (mouse.drags, mouse.boxes) == ([], [])


def test_a_box_ends_at_the_border_of_the_image(mouse):
    mouse.press((-20, -20))
    mouse.move((100, 30))
    mouse.release((100, 30))
    assert close(mouse.boxes, [((-0.5, -0.5), (39.5, 30))])


@pytest.mark.parametrize("why", ["right button", "zoom", "paused", "panning", "stopped"])
def test_a_press_that_is_somebody_elses_is_left_alone(mouse, why):
    how = {}
    if why == "right button":
        how = {"button": 2}
    elif why == "zoom":
        how = {"modifiers": ("Alt",)}
    elif why == "paused":
        mouse.hears = False
    elif why == "panning":
        mouse.layer.mouse_pan = True
    else:
        mouse.pointer.stop()
    mouse.press((10, 20), **how)
    mouse.move((30, 40))
    mouse.release((30, 40))
    assert (mouse.clicks, mouse.drags, mouse.boxes) == ([], [], [])


def test_a_drag_that_goes_on_when_the_tool_is_closed_draws_nothing(mouse):
    mouse.press((10, 20))
    mouse.move((30, 40))
    mouse.pointer.stop()
    mouse.release((30, 40))
    assert mouse.boxes == []


def test_dragging_does_not_move_the_view(mouse):
    assert not mouse.layer.mouse_pan


def test_stopping_leaves_nothing_of_it_in_the_viewer(mouse):
    before = list(mouse.viewer.mouse_drag_callbacks)
    mouse.pointer.stop()
    assert len(mouse.viewer.mouse_drag_callbacks) == len(before) - 1
    mouse.pointer.start(mouse.target, mouse.layer)
    assert len(mouse.viewer.mouse_drag_callbacks) == len(before)
