from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_press_callbacks, mouse_release_callbacks
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.workbench import workbench_of

SHAPE = (12, 16)
CAT, DOG = 1, 2


class Desk:
    """Two classes, a half each; the layer of the cat is selected."""

    def __init__(self, output=Output.CLASSES):
        self.viewer = ViewerModel()
        self.bench = workbench_of(self.viewer)
        session = self.bench.session
        session.image = self.viewer.add_image(np.zeros((*SHAPE, 3), np.uint8), rgb=True, name="scene")
        session.prompts = PromptSet.parse("cat\ndog")
        self.target = plane_source_of(self.viewer, session.image, session.version_of(session.image)).target
        halves = np.full(SHAPE, CAT, np.uint8)
        halves[:, 8:] = DOG
        self.bench.layers.write(PlaneResult(self.target, halves, session.prompts.table()), output=output)
        found = self.bench.layers.class_layers(session.image)
        self.cat = found.get(CAT) or self.bench.layers.combined_layer(session.image)
        self.viewer.layers.selection.active = self.cat
        self.said = []
        notification_manager.notification_ready.connect(self.hear)

    def hear(self, notification):
        self.said.append(str(notification.message))

    def press(self, row, column):
        """A click on the canvas, which goes to the viewer and to the layer as napari sends it."""
        for kind, send in (("mouse_press", mouse_press_callbacks), ("mouse_release", mouse_release_callbacks)):
            event = SimpleNamespace(
                type=kind, position=(row, column), pos=(5, 5), modifiers=(), button=1, is_dragging=False, handled=False,
                view_direction=None, dims_displayed=[0, 1], dims_point=[0, 0],
            )  # fmt: skip
            event = ReadOnlyWrapper(event, exceptions=("handled",))
            send(self.viewer, event)
            send(self.cat, event)


@pytest.fixture
def desk(qtbot):
    desk = Desk()
    yield desk
    notification_manager.notification_ready.disconnect(desk.hear)


def test_a_stroke_on_a_layer_that_was_hidden_shows_it_and_paints(desk):
    desk.cat.mode = "paint"
    desk.bench.visibility.hide(CAT, True)
    desk.press(6, 12)
    assert desk.cat.visible
    assert desk.cat.data[6, 12] == CAT
    assert desk.said == ["Layer 'cat · scene' was hidden; now it is shown, so that you see what you paint."]


def test_the_next_stroke_says_nothing(desk):
    desk.cat.mode = "paint"
    desk.press(6, 12)
    assert desk.cat.data[6, 12] == CAT
    assert not desk.said


def test_the_buttons_of_the_window_that_follow_the_hiding_are_nobodys_wish(desk):
    desk.cat.mode = "paint"
    desk.cat.events.mode.connect(lambda event: setattr(desk.cat, "mode", event.source.mode))  # as a pressed button does
    desk.bench.visibility.hide(CAT, True)
    desk.cat.mode = "pan_zoom"
    desk.press(6, 12)
    assert desk.cat.data[6, 12] == CAT


def test_the_key_of_a_tool_shows_a_hidden_layer(desk):
    desk.bench.visibility.hide(CAT, True)
    desk.cat.mode = "erase"
    assert (desk.cat.visible, desk.cat.mode) == (True, "erase")
    desk.press(6, 2)
    assert desk.cat.data[6, 2] == 0


def test_the_solo_of_another_class_ends_and_that_is_reported(desk):
    desk.cat.mode = "fill"
    desk.bench.visibility.set_solo(DOG)
    desk.press(6, 12)
    assert desk.cat.visible
    assert desk.bench.visibility.solo is None
    assert desk.said[0].endswith("Solo is off.")


def test_moving_the_view_over_a_hidden_layer_leaves_it_hidden(desk):
    desk.bench.visibility.hide(CAT, True)
    desk.press(6, 12)
    assert not desk.cat.visible
    desk.cat.mode = "paint"  # shows it
    desk.bench.visibility.hide(CAT, True)
    QApplication.processEvents()
    desk.cat.mode = "pan_zoom"  # and now the view is what shall move
    desk.press(6, 12)
    assert not desk.cat.visible
    assert desk.cat.data[6, 12] == 0


def test_a_layer_of_somebody_else_stays_hidden(desk):
    other = desk.viewer.add_labels(np.zeros(SHAPE, np.uint8))
    other.mode = "paint"
    other.visible = False
    desk.cat = other
    desk.press(6, 12)
    assert not other.visible
    assert not desk.said


def test_a_region_that_is_given_to_a_hidden_class_shows_it(desk):
    desk.bench.session.active_class = CAT
    desk.bench.visibility.hide(CAT, True)
    desk.bench.layers.assign(desk.target, np.ones(SHAPE, bool), CAT)
    assert desk.cat.visible
    assert desk.said[0].startswith("Layer 'cat · scene' was hidden")


def test_a_hidden_class_of_the_combined_layer_is_shown_when_it_is_painted(qtbot):
    desk = Desk(Output.COMBINED)
    desk.cat.mode, desk.cat.selected_label = "paint", CAT
    desk.bench.visibility.hide(CAT, True)
    desk.press(6, 12)
    assert CAT not in desk.bench.visibility.hidden
    assert desk.said == ["Class 'cat' was hidden; now it is shown, so that you see what you paint."]
    notification_manager.notification_ready.disconnect(desk.hear)


def test_a_layer_that_leaves_the_viewer_is_as_napari_made_it(desk):
    desk.viewer.layers.remove(desk.cat)
    desk.cat.visible = False
    desk.cat.mode = "paint"
    assert not desk.cat.visible
