from itertools import product

import numpy as np
import pytest
from napari.layers import Labels

from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.layers.changes import (
    CHANGE_TRANSITIONS,
    BaselineChange,
    ChangeEvent,
    ChangeState,
    PlaneChange,
    Run,
    undone_sentence,
)
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.plugin.state.tags import Role, Tag, set_tag

CLASS, OTHER = 1, 2
FRAME = LayerGeometry((1, 4), 0, 1, {})
BEFORE, AFTER = np.array([[0, CLASS, CLASS, 0]], np.uint8), np.array([[CLASS, CLASS, 0, 0]], np.uint8)
CHANGED = BEFORE != AFTER


def layer_with(content, class_id=CLASS):
    layer = Labels(content.copy())
    role = Role.COMBINED if class_id is None else Role.CLASS
    set_tag(layer, Tag(role, "image", "scene", str(layer.unique_id), class_id))
    return layer


def stated(*pixels):
    return np.isin(np.arange(4), pixels)[None]


def change_of(layer=None, before=BEFORE, after=AFTER):
    """Return the change from one content of a plane to another, in a layer that holds the other."""
    layer = layer_with(after) if layer is None else layer
    known = Baseline.of_unknown(np.zeros_like(before), CLASS).after_writing(before, stated(), CLASS)
    later = known.after_writing(after, stated(), CLASS)
    where = before != after
    return PlaneChange(
        layer, FRAME, BaselineChange((), PackedMask.of(where), known, later), before[where], after[where]
    )


@pytest.mark.parametrize(("state", "event"), list(product(ChangeState, ChangeEvent)))
def test_what_becomes_of_a_change(state, event):
    change = change_of()
    change.state = state
    if (state, event) in CHANGE_TRANSITIONS:
        change.advance(event)
        assert change.state is CHANGE_TRANSITIONS[state, event]
    elif state is ChangeState.GONE:
        change.advance(event)
        assert change.state is ChangeState.GONE
    else:
        with pytest.raises(KeyError):
            change.advance(event)
        assert change.state is state


@pytest.mark.parametrize(
    ("events", "written"),
    [
        ([], True),
        ([ChangeEvent.UNDO], False),
        ([ChangeEvent.UNDO, ChangeEvent.REDO], True),
        ([ChangeEvent.UNDO, ChangeEvent.REDO_LOST, ChangeEvent.REDO], False),
        ([ChangeEvent.RUN_UNDONE, ChangeEvent.REDO], False),
        ([ChangeEvent.LAYER_REMOVED], False),
        ([ChangeEvent.KEEP, ChangeEvent.UNDO], False),
    ],
)
def test_a_change_is_written_while_it_can_be_undone(events, written):
    change = change_of()
    for event in events:
        change.advance(event)
    assert change.is_written is written
    assert Run(1, "Segment", [change]).undone is not written


def test_what_was_painted_since_is_no_longer_what_was_written():
    change = change_of()
    assert change.is_unchanged
    assert np.array_equal(change.unchanged_since(), CHANGED)
    change.layer.data[0, 0] = 0
    assert not change.is_unchanged
    assert change.unchanged_since().tolist() == [[False, False, True, False]]


def test_a_stroke_beside_a_change_leaves_it_unchanged():
    change = change_of()
    change.layer.data[0, 3] = CLASS
    assert change.is_unchanged


def test_old_values_come_for_the_pixels_that_are_asked_for():
    change = change_of()
    assert change.old_values(CHANGED).tolist() == [0, CLASS]
    assert change.old_values(stated(2)).tolist() == [CLASS]


@pytest.mark.parametrize(
    ("class_id", "locked", "expected"),
    [
        (CLASS, (), []),
        (CLASS, (OTHER,), []),
        (CLASS, (CLASS,), [0, 2]),
        (None, (), []),
        (None, (CLASS,), [0, 2]),
        (None, (OTHER,), [2]),
    ],
)
def test_which_pixels_a_locked_class_won_or_lost(class_id, locked, expected):
    after = AFTER if class_id is not None else np.array([[CLASS, CLASS, OTHER, 0]], np.uint8)
    change = change_of(layer_with(after, class_id), after=after)
    assert np.flatnonzero(change.of_locked(locked)).tolist() == expected


def test_undo_and_redo_bring_back_what_was_known_of_the_changed_pixels():
    change = change_of().baseline
    undone = change.undone(change.after)
    assert not undone.edits(BEFORE, CLASS).any()
    assert not change.redone(undone).edits(AFTER, CLASS).any()


def test_what_was_stated_elsewhere_meanwhile_outlives_undo_and_redo():
    change = change_of().baseline
    now = change.after.with_stated(stated(3))
    undone = change.undone(now)
    assert undone.stated.unpacked().tolist() == stated(3).tolist()
    assert change.redone(undone).stated.unpacked().tolist() == stated(3).tolist()


def test_what_a_hand_edit_stated_without_changing_it_goes_and_comes_with_the_edit():
    change = change_of().baseline
    edit = BaselineChange((), change.changed, change.before, change.after.with_stated(stated(0, 1)))
    undone = edit.undone(edit.after)
    assert not undone.stated.any()
    assert edit.redone(undone).stated.unpacked().tolist() == stated(0, 1).tolist()


def test_a_run_names_each_of_its_layers_once():
    one, other = layer_with(AFTER), layer_with(AFTER, OTHER)
    run = Run(1, "Segment", [change_of(one), change_of(other), change_of(one)])
    assert run.layers == (one, other)


def test_a_run_is_undone_when_none_of_its_changes_stands():
    run = Run(1, "Segment", [change_of(), change_of()])
    run.steps[0].advance(ChangeEvent.UNDO)
    assert not run.undone
    run.steps[1].advance(ChangeEvent.LAYER_REMOVED)
    assert run.undone


def test_what_was_not_undone_is_reported():
    assert undone_sentence(Run(1, "Segment", ())) == "Segment was undone."
    run = Run(1, "Segment", (), ("Locked classes were left as they are.",))
    assert undone_sentence(run) == "Segment was undone. Locked classes were left as they are."
