import dask.array as da
import numpy as np
import pytest
from napari.layers import Labels

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers import run_writer
from napari_cliptrase.plugin.layers.run_writer import PlaneWrite
from napari_cliptrase.plugin.state.tags import provenance_at, tag_of

SHAPE = (12, 16)
NOWHERE = np.zeros(SHAPE, bool)


def rows_of(class_id, rows):
    content = np.zeros(SHAPE, np.uint8)
    content[rows] = class_id
    return content


@pytest.fixture
def writer(board):
    return board.label_layers.writer(board.image, "Segment")


def opened(board, writer, class_id=1):
    """Return a new layer that a run put into the list."""
    table = board.table
    layer = board.label_layers.registry.make(board.image, board.target().geometry, table, table.get(class_id))
    writer.open(layer, board.target(), table)
    return layer


def write(board, writer, layer, content, **how):
    writer.write(board.target(), PlaneWrite(layer, content, how.pop("edits", NOWHERE), **how), board.table)


# -- one layer


def test_a_layer_that_was_opened_is_filled_without_an_undo_step(board, writer):
    layer = opened(board, writer)
    write(board, writer, layer, rows_of(1, slice(2)))
    assert np.array_equal(layer.data, rows_of(1, slice(2)))
    (change,) = writer.run.steps
    assert (change.created, change.replaced) == (True, None)
    layer.undo()
    assert np.array_equal(layer.data, rows_of(1, slice(2)))


def test_only_pixels_that_differ_are_written_in_one_undo_step(board, writer):
    layer = opened(board, writer)
    write(board, writer, layer, rows_of(1, slice(2)))
    later = board.label_layers.writer(board.image, "Segment")
    painted = []
    layer.events.paint.connect(lambda event: painted.append(event.value))
    write(board, later, layer, rows_of(1, slice(1, 3)))
    assert len(painted) == 1
    assert later.run.steps[0].new.size == 2 * SHAPE[1]
    layer.undo()
    assert np.array_equal(layer.data, rows_of(1, slice(2)))


def test_a_run_is_one_undo_step_of_each_layer(board, halves):
    board.write(halves)
    before = board.layer(1).data.copy()
    board.write(3 - halves)
    board.layer(1).undo()
    assert np.array_equal(board.layer(1).data, before)


def test_what_changes_nothing_is_no_step_of_the_run(board, writer):
    layer = opened(board, writer)
    write(board, writer, layer, rows_of(1, slice(2)))
    later = board.label_layers.writer(board.image, "Segment")
    write(board, later, layer, rows_of(1, slice(2)), provenance={"model": "demo"})
    assert list(later.run.steps) == []
    assert provenance_at(layer, ()) == {"model": "demo"}
    assert tag_of(layer).run == later.run.number


def test_what_a_result_wrote_is_no_hand_edit_and_what_a_tool_wrote_is(board, writer):
    layer = opened(board, writer)
    write(board, writer, layer, rows_of(1, slice(2)))
    assert not board.label_layers.edited(board.target()).any()
    stated = rows_of(1, slice(1, 3)) > 0
    write(board, writer, layer, rows_of(1, slice(3)), edits=stated, by_hand=True)
    assert np.array_equal(board.label_layers.edited(board.target()), stated)


def test_a_result_that_takes_an_edit_without_changing_the_pixel_can_be_undone(board, writer):
    layer = opened(board, writer)
    write(board, writer, layer, rows_of(1, slice(2)))
    board.paint(1, [0], [0], 1)
    later = board.label_layers.writer(board.image, "Segment")
    write(board, later, layer, rows_of(1, slice(2)))
    assert not board.label_layers.edited(board.target()).any()
    board.label_layers.keep(later.run)
    board.label_layers.undo_last_run()
    assert np.argwhere(board.label_layers.edited(board.target())).tolist() == [[0, 0]]


# -- layers that are copied


def test_a_layer_whose_data_cannot_be_written_is_copied_and_reported(board, halves):
    board.write(halves)
    old = board.layer(1)
    old.data = da.from_array(old.data)
    run = board.write(3 - halves)
    assert board.layer(1) != old
    assert isinstance(board.layer(1).data, np.ndarray)
    assert (board.layer(1).data[:, 8:] == 1).all()
    assert not old.visible
    assert "cat · scene" in run.notes[0]


def test_a_change_too_large_for_one_undo_step_goes_to_a_copy(board, halves, monkeypatch):
    board.write(halves)
    old, name = board.layer(1), board.layer(1).name
    monkeypatch.setattr(run_writer, "MOST_CHANGES", 20)
    run = board.write(3 - halves)
    assert "million" in run.notes[0]
    assert (old.name, board.layer(1).name) == (f"{name} (before run {run.number})", name)
    assert np.array_equal(board.seen(), 3 - halves)
    board.label_layers.undo_last_run()
    assert (board.layer(1), old.name) == (old, name)
    assert np.array_equal(board.seen(), halves)


def test_a_copy_looks_like_its_original(board, halves, monkeypatch):
    board.write(halves)
    board.layer(1).opacity, board.layer(1).contour = 0.3, 2
    monkeypatch.setattr(run_writer, "MOST_CHANGES", 20)
    board.write(3 - halves)
    assert (board.layer(1).opacity, board.layer(1).contour) == (0.3, 2)


def test_one_run_copies_a_layer_once(board, halves, monkeypatch):
    board.write(halves)
    monkeypatch.setattr(run_writer, "MOST_CHANGES", 20)
    layer, later = board.layer(1), board.label_layers.writer(board.image, "Segment")
    write(board, later, layer, rows_of(1, slice(6)))
    copy = later.current(layer)
    assert copy == board.layer(1) != layer
    write(board, later, copy, rows_of(1, slice(0)))
    assert later.current(layer) == copy == board.layer(1)
    assert len(later.run.notes) == 1


def test_hand_edits_go_into_the_copy(board, halves, monkeypatch):
    board.write(halves)
    board.paint(1, [0], [0], 0)
    monkeypatch.setattr(run_writer, "MOST_CHANGES", 20)
    board.write(3 - halves)
    board.write(halves)
    assert board.layer(1).data[0, 0] == 0


# -- what is left of a run


def test_layers_that_nothing_came_into_are_swept_away(board, writer):
    opened(board, writer, 1)
    filled, painted = opened(board, writer, 2), opened(board, writer, 3)
    write(board, writer, filled, rows_of(2, slice(2)))
    board.paint(3, [0], [0], 3)
    board.paint(3, [0], [0], 0)  # a person says that there is no cow
    writer.sweep()
    assert [layer for layer in board.viewer.layers if isinstance(layer, Labels)] == [painted, filled]


def test_a_sentence_is_noted_once(writer):
    writer.note("One sentence.")
    writer.note("Another sentence.")
    writer.note("One sentence.")
    assert writer.run.notes == ("One sentence.", "Another sentence.")


def test_a_written_layer_learns_new_names(board, writer):
    layer = opened(board, writer)
    board.table = ClassTable.from_names("lion", "dog", "cow")
    write(board, writer, layer, rows_of(1, slice(2)))
    assert layer.name == "lion · scene"
