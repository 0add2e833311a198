import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.key_bindings import coerce_keybinding

from napari_cliptrase.plugin.state.geometry import Target, geometry_of
from napari_cliptrase.plugin.tools.sam_pointer import SamPointer

SHAPE = (40, 60)
FAR = (90, 90)
"""A position on the screen that is not a click any more, after a press at (5, 5)."""


class Pointed:
    """An image with a place of its own in the world, a mouse over it, and what the pointer made of that."""

    def __init__(self, mouse_over):
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(
            np.zeros((*SHAPE, 3), np.uint8), rgb=True, scale=(2.0, 0.5), rotate=30, translate=(7.0, -3.0)
        )
        self.mouse = mouse_over(self.viewer, self.image)
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


@pytest.fixture
def pointed(mouse_over):
    pointed = Pointed(mouse_over)
    pointed.pointer.start(pointed.target, pointed.layer)
    return pointed


def close(found, expected):
    return np.allclose(np.array(found, float), np.array(expected, float), atol=1e-6)


@pytest.mark.parametrize(("modifiers", "inside"), [((), True), (("Control",), False)])
def test_a_click_is_a_pixel_of_the_image_inside_or_beside_the_object(pointed, modifiers, inside):
    pointed.mouse.click(10.25, 20.5, modifiers=modifiers)
    assert close(pointed.clicks, [(10.25, 20.5, inside)])
    assert pointed.boxes == []


def test_a_drag_is_a_box_that_is_shown_while_it_grows(pointed):
    pointed.mouse.press(30, 50)
    pointed.mouse.move(20, 30, pos=FAR)
    pointed.mouse.move(5, 10, pos=FAR)
    assert close(pointed.drags, [((30, 50), (20, 30)), ((30, 50), (5, 10))])
    assert pointed.boxes == []
    pointed.mouse.release(5, 10)
    assert close(pointed.boxes, [((30, 50), (5, 10))])
    assert pointed.clicks == []


def test_a_hand_that_shakes_a_little_still_clicks(pointed):
    pointed.mouse.press(10, 20)
    pointed.mouse.move(10.5, 20.5, pos=(6, 6))
    pointed.mouse.release(10.5, 20.5)
    assert close(pointed.clicks, [(10, 20, True)])
    assert (pointed.drags, pointed.boxes) == ([], [])


def test_a_box_ends_at_the_border_of_the_image(pointed):
    pointed.mouse.press(-20, -20)
    pointed.mouse.move(100, 30, pos=FAR)
    pointed.mouse.release(100, 30)
    assert close(pointed.boxes, [((-0.5, -0.5), (39.5, 30))])


@pytest.mark.parametrize("why", ["right button", "zoom", "paused", "panning", "stopped"])
def test_a_press_that_is_somebody_elses_is_left_alone(pointed, why):
    how = {}
    if why == "right button":
        how = {"button": 2}
    elif why == "zoom":
        how = {"modifiers": ("Alt",)}
    elif why == "paused":
        pointed.hears = False
    elif why == "panning":
        pointed.layer.mouse_pan = True
    else:
        pointed.pointer.stop()
    pointed.mouse.press(10, 20, **how)
    pointed.mouse.move(30, 40, pos=FAR)
    pointed.mouse.release(30, 40)
    assert (pointed.clicks, pointed.drags, pointed.boxes) == ([], [], [])


def test_a_drag_that_goes_on_when_the_tool_is_closed_draws_nothing(pointed):
    pointed.mouse.press(10, 20)
    pointed.mouse.move(30, 40, pos=FAR)
    pointed.pointer.stop()
    pointed.mouse.release(30, 40)
    assert pointed.boxes == []


def test_dragging_does_not_move_the_view(pointed):
    assert not pointed.layer.mouse_pan


def test_stopping_leaves_nothing_of_it_in_the_viewer(pointed):
    before = list(pointed.viewer.mouse_drag_callbacks)
    pointed.pointer.stop()
    assert len(pointed.viewer.mouse_drag_callbacks) == len(before) - 1
    pointed.pointer.start(pointed.target, pointed.layer)
    assert len(pointed.viewer.mouse_drag_callbacks) == len(before)


# -- in the tool


def test_ctrl_click_takes_away(drawing):
    drawing.start()
    drawing.click(10, 20)
    drawing.click(10, 23, modifiers=("Control",))
    drawing.press("Enter")
    assert drawing.labels()[10, 18] == 2
    assert drawing.labels()[10, 22] == 0


def test_a_dragged_box(drawing):
    drawing.start()
    drawing.drag((30, 50), (5, 10))
    assert drawing.layer("SAM box") is not None
    drawing.press("Enter")
    expected = np.zeros(drawing.shape, int)
    expected[5:30, 10:50] = 2
    np.testing.assert_array_equal(drawing.labels(), expected)
    assert drawing.layer("SAM box") is None


def test_a_box_is_shown_while_it_is_dragged(drawing):
    drawing.start()
    drawing.mouse.press(30, 50)
    drawing.mouse.move(5, 10, pos=(90, 90))
    (corners,) = drawing.layer("SAM box").data
    np.testing.assert_allclose(corners[[0, 2]], [(30, 50), (5, 10)])
    drawing.mouse.release(5, 10, pos=(90, 90))
    drawing.settle()


def test_dragging_does_not_move_the_view_unless_space_is_held(drawing):
    drawing.start()
    layer = drawing.layer()
    assert not layer.mouse_pan
    held = layer.keymap[coerce_keybinding("Space")](layer)
    next(held)
    assert layer.mouse_pan
    drawing.click(10, 20)
    assert not drawing.sams[0].steps
    next(held, None)
    assert not layer.mouse_pan
