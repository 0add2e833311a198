"""Each row of the table in ``layer_history``, for strokes, for changes that were written, and for both in one step."""

import numpy as np
import pytest
from napari.layers import Labels

from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.layers.changes import BaselineChange, ChangeState, PlaneChange
from napari_cliptrase.plugin.layers.layer_history import MOST_STEPS, LayerHistory, UndoStep
from napari_cliptrase.plugin.state.geometry import LayerGeometry

CLASS = 1
SHAPE = (2, 3)
EMPTY = np.zeros(SHAPE, np.uint8)
FULL = np.full(SHAPE, CLASS, np.uint8)
WHOLE = (slice(0, 2), slice(0, 3))


def fresh():
    """A layer of one plane of which a result left all pixels empty."""
    return LayerHistory(LayerGeometry(SHAPE, 0, 1, {}), {(): Baseline.of_unknown(EMPTY, CLASS)})


def touch(history, *pixels):
    mask = np.zeros(SHAPE, bool)
    for pixel in pixels:
        mask[pixel] = True
    history.touch(WHOLE, mask)


def stated(history, plane=()):
    history.take_in()
    return [tuple(pixel) for pixel in np.argwhere(history.baselines[plane].stated.unpacked()).tolist()]


def write(history, content=FULL):
    """Put the step of a result that fills the plane on the stack."""
    history.take_in()
    before = history.baselines[()]
    after = before.after_writing(content, before.stated.unpacked(), CLASS)
    changed = BaselineChange((), PackedMask.of(content != 0), before, after)
    layer = Labels(content.copy())
    change = PlaneChange(layer, history.geometry, changed, EMPTY[content != 0], content[content != 0])
    history.commit(UndoStep((), changed, change))
    history.baselines[()] = after
    return change


def steps(history):
    return len(history.done), len(history.undone)


def test_commit_makes_one_undo_step_of_all_that_a_stroke_touched():
    history = fresh()
    touch(history, (0, 0))
    touch(history, (0, 0), (1, 2))
    history.commit(UndoStep())
    assert steps(history) == (1, 0)
    assert stated(history) == [(0, 0), (1, 2)]


def test_commit_loses_redo_steps_and_the_changes_in_them():
    history = fresh()
    change = write(history)
    history.undo()
    change.state = ChangeState.UNDONE
    history.commit(UndoStep())
    assert steps(history) == (1, 0)
    assert change.state is ChangeState.GONE


def test_end_states_without_an_undo_step_and_says_whether_it_did():
    history = fresh()
    touch(history, (0, 1))
    assert history.end()
    assert (steps(history), stated(history)) == ((0, 0), [(0, 1)])
    touch(history, (0, 1))  # a second time: it is news to nobody, but a statement
    assert history.end()
    assert not history.end()


def test_abort_leaves_everything_as_before_the_stroke():
    history = fresh()
    touch(history, (0, 0))
    history.commit(UndoStep())
    touch(history, (0, 0), (0, 1))
    history.take_in()
    touch(history, (1, 1))
    history.abort()
    assert (steps(history), stated(history)) == ((1, 0), [(0, 0)])


def test_undo_takes_back_what_the_step_stated_and_nothing_that_was_stated_before():
    history = fresh()
    touch(history, (0, 0))
    history.commit(UndoStep())
    touch(history, (0, 0), (0, 1))
    history.commit(UndoStep())
    history.undo()
    assert (steps(history), stated(history)) == ((1, 1), [(0, 0)])
    history.undo()
    assert (steps(history), stated(history)) == ((0, 2), [])


def test_redo_states_again_what_the_step_stated():
    history = fresh()
    touch(history, (0, 0))
    history.commit(UndoStep())
    touch(history, (1, 1))
    history.commit(UndoStep())
    history.undo()
    history.undo()
    history.redo()
    assert (steps(history), stated(history)) == ((1, 1), [(0, 0)])
    history.redo()
    assert (steps(history), stated(history)) == ((2, 0), [(0, 0), (1, 1)])


def test_undo_and_redo_turn_what_is_known_of_a_written_change():
    history = fresh()
    write(history)
    assert not history.baselines[()].edits(FULL, CLASS).any()
    history.undo()
    assert not history.baselines[()].edits(EMPTY, CLASS).any()
    history.redo()
    assert not history.baselines[()].edits(FULL, CLASS).any()


def test_a_stroke_and_a_change_in_one_step_go_and_come_together():
    history = fresh()
    touch(history, (1, 2))
    write(history)
    assert stated(history) == [(1, 2)]
    history.undo()
    assert stated(history) == []
    assert not history.baselines[()].edits(EMPTY, CLASS).any()
    history.redo()
    assert stated(history) == [(1, 2)]


def test_undo_returns_the_step_that_redo_returns_again():
    history = fresh()
    change = write(history)
    step = history.undo()
    assert step.change is change
    assert history.redo() is step


def test_without_steps_undo_and_redo_do_nothing():
    history = fresh()
    touch(history, (0, 0))
    assert history.undo() is None
    assert history.redo() is None
    assert (steps(history), stated(history)) == ((0, 0), [(0, 0)])


def test_lose_steps_keeps_what_is_known_of_the_pixels():
    history = fresh()
    touch(history, (0, 0))
    history.commit(UndoStep())
    touch(history, (1, 1))
    history.commit(UndoStep())
    history.undo()
    history.lose_steps()
    assert (steps(history), stated(history)) == ((0, 0), [(0, 0)])


def test_lose_pixels_keeps_the_steps():
    history = fresh()
    touch(history, (0, 0))
    history.commit(UndoStep())
    touch(history, (1, 1))
    history.lose_pixels()
    history.take_in()
    assert (steps(history), history.baselines) == ((1, 0), {})


def test_no_more_steps_are_held_than_napari_holds():
    history = fresh()
    for _ in range(MOST_STEPS + 5):
        history.commit(UndoStep())
    assert steps(history) == (MOST_STEPS, 0)


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (2, 1), (2, 0)])
def test_each_plane_gets_its_own_part_of_a_stroke_through_several_planes(rows, columns):
    shape = (3, 4, 5)
    geometry = LayerGeometry(shape, rows, columns, {})
    known = Baseline.of_unknown(np.zeros(geometry.plane_shape, np.uint8), CLASS)
    (axis,) = geometry.plane_axes
    history = LayerHistory(geometry, {(plane,): known for plane in range(shape[axis])})
    pixels = np.random.default_rng(0).random(shape) < 0.3
    box = tuple(slice(1, size) for size in shape)
    history.touch(box, pixels[box])
    history.take_in()
    expected = np.zeros(shape, bool)
    expected[box] = pixels[box]
    assert list(history.planes_in(box)) == [(plane,) for plane in range(1, shape[axis])]
    for plane in range(shape[axis]):
        assert np.array_equal(history.baselines[(plane,)].stated.unpacked(), geometry.plane_of(expected, (plane,)))
