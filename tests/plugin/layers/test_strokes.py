import numpy as np
import pytest
from napari.layers import Labels

from napari_cliptrase.plugin.layers.strokes import Strokes


class Listener:
    """Writes down what it is told."""

    def __init__(self):
        self.events = []

    def touching(self, layer, box):
        pass

    def touched(self, layer, box, mask):
        self.events.append(("touched", int(mask.sum())))

    def committed(self, layer):
        self.events.append("committed")

    def ended(self, layer):
        self.events.append("ended")

    def aborted(self, layer):
        self.events.append("aborted")

    def undone(self, layer):
        self.events.append("undone")

    def redone(self, layer):
        self.events.append("redone")

    def steps_lost(self, layer):
        self.events.append("steps lost")


@pytest.fixture
def watched():
    layer, listener = Labels(np.zeros((6, 6), np.uint8)), Listener()
    strokes = Strokes(listener)
    strokes.watch(layer)
    return layer, listener.events, strokes


def test_a_stroke_tells_what_it_touches_before_its_undo_step(watched):
    layer, events, _ = watched
    layer.data_setitem((np.array([0, 1]), np.array([0, 0])), 1)
    assert events == [("touched", 2), "committed", "ended"]


def test_a_stroke_that_changes_nothing_is_reported_all_the_same(watched):
    layer, events, _ = watched
    layer.data[:2] = 1
    layer.data_setitem((np.array([0, 1]), np.array([0, 0])), 1)
    assert ("touched", 2) in events
    assert events[-1] == "ended"


def test_undo_and_redo_are_reported(watched):
    layer, events, _ = watched
    layer.data_setitem((np.array([0]), np.array([0])), 1)
    layer.undo()
    layer.redo()
    assert events[-2:] == ["undone", "redone"]


def test_a_fill_with_the_label_that_is_there_states_the_area(watched):
    layer, events, _ = watched
    layer.data[:2] = 3
    layer.fill((0, 0), 3)
    assert ("touched", 12) in events


def test_a_layer_that_is_released_is_as_napari_made_it(watched):
    layer, events, strokes = watched
    strokes.release(layer)
    layer.data_setitem((np.array([0]), np.array([0])), 1)
    assert events == []
    assert not strokes.watches(layer)


def draw_polygon(layer):
    layer.paint_polygon([(0, 0), (0, 5), (5, 5)], 1)


def fill(layer):
    layer.fill((3, 3), 1)


def touch_with_the_brush(layer):
    layer.brush_size = 1
    layer.paint((2, 2), 1)


@pytest.mark.parametrize("paint", [draw_polygon, fill, touch_with_the_brush])
def test_what_is_painted_outside_of_a_stroke_is_reported_before_its_undo_step_too(watched, paint):
    layer, events, _ = watched
    paint(layer)
    painted = int(np.count_nonzero(layer.data))
    assert events == [("touched", painted), "committed", "ended"]
