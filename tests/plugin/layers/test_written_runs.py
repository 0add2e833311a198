import numpy as np
import pytest
from napari.layers import Labels

from napari_cliptrase.plugin.layers.changes import ChangeEvent, Run
from napari_cliptrase.plugin.layers.written_runs import MOST_RUNS, WrittenRuns


def labels_in(viewer):
    return [layer for layer in viewer.layers if isinstance(layer, Labels)]


# -- undo last run


def test_undo_last_run_restores_every_layer_exactly(board, halves):
    board.write(halves)
    board.paint(1, [0], [0], 0)
    before = {class_id: board.layer(class_id).data.copy() for class_id in (1, 2)}
    new = np.full_like(halves, 3)
    new[:, :3] = 2
    board.write(new)
    board.label_layers.undo_last_run()
    assert set(board.label_layers.class_layers(board.image)) == {1, 2}
    for class_id, data in before.items():
        assert np.array_equal(board.layer(class_id).data, data)
    board.write(new)
    assert board.seen()[0, 0] == 0
    assert board.seen()[1, 1] == 2


def test_undo_last_run_keeps_what_was_painted_since(board, halves):
    board.write(halves)
    board.write(3 - halves)
    board.paint(1, [3], [15], 0)
    board.paint(2, [3], [15], 2)
    board.label_layers.undo_last_run()
    expected = halves.copy()
    assert np.array_equal(board.seen(), expected)
    assert board.label_layers.edited(board.target())[3, 15]


def test_undo_of_the_first_run_removes_its_layers_unless_they_were_painted_on(board, halves):
    board.write(halves)
    board.paint(2, [1], [1], 2)
    board.label_layers.undo_last_run()
    assert list(board.label_layers.class_layers(board.image)) == [2]
    assert np.count_nonzero(board.layer(2).data) == 1
    assert board.label_layers.last_run is None
    assert board.label_layers.undo_last_run() is None


def test_runs_are_undone_one_after_the_other(board, halves):
    board.write(halves)
    board.write(3 - halves)
    board.write(np.full_like(halves, 3))
    board.label_layers.undo_last_run()
    assert np.array_equal(board.seen(), 3 - halves)
    board.label_layers.undo_last_run()
    assert np.array_equal(board.seen(), halves)


def test_undo_after_the_layers_were_deleted_breaks_nothing(board, halves):
    board.write(halves)
    for layer in labels_in(board.viewer):
        board.viewer.layers.remove(layer)
    board.label_layers.undo_last_run()
    assert list(board.viewer.layers) == [board.image]


def test_live_runs_leave_one_undo_step(board, halves):
    board.write(halves)
    before = board.layer(1).data.copy()
    live = None
    for column in range(1, 8):
        new = halves.copy()
        new[:, :column] = 3
        live = board.write(new, instead_of=live)
    assert (board.layer(3).data[:, :7] == 3).all()
    board.layer(1).undo()
    assert np.array_equal(board.layer(1).data, before)


def test_a_live_run_after_painting_keeps_the_stroke(board, halves):
    board.write(halves)
    new = halves.copy()
    new[:2] = 3
    live = board.write(new, instead_of=None)
    board.paint(1, [5], [5], 0)
    new[:4] = 3
    board.write(new, instead_of=live)
    assert board.seen()[5, 5] == 0
    assert (board.seen()[:4] == 3).all()


def test_a_live_run_after_a_given_region_keeps_it_wherever_it_lies(board, halves):
    board.write(halves)
    new = halves.copy()
    new[:2] = 3
    live = board.write(new)
    mask = np.zeros((12, 16), bool)
    mask[6:9, 2:5] = True
    board.label_layers.assign(board.target(), mask, 2)
    new[:4] = 3
    board.write(new, instead_of=live)
    assert (board.seen()[6:9, 2:5] == 2).all()
    assert (board.seen()[:4] == 3).all()
    board.write(np.ones_like(halves))
    assert (board.seen()[6:9, 2:5] == 2).all()


def test_undo_last_run_keeps_what_was_given_since(board, halves):
    board.write(halves)
    new = halves.copy()
    new[:2] = 3
    board.write(new)
    mask = np.zeros((12, 16), bool)
    mask[6:9, 6:10] = True  # half of it is class 2 already
    board.label_layers.assign(board.target(), mask, 2)
    board.label_layers.undo_last_run()
    board.write(np.ones_like(halves))
    assert (board.seen()[6:9, 6:10] == 2).all()


def test_pixels_of_scores_that_were_replaced_are_no_hand_edits(board, halves):
    board.write(halves)
    live, new = None, halves.copy()
    for rows in (2, 4):
        new[:rows] = 0
        live = board.write(new, instead_of=live)
    for layer in board.label_layers.class_layers(board.image).values():
        layer.refresh()
    assert not board.label_layers.edited(board.target()).any()
    board.write(halves, instead_of=live)
    assert np.array_equal(board.seen(), halves)


def test_a_locked_class_keeps_what_the_run_wrote(board, halves):
    board.write(halves)
    board.write(3 - halves)
    run = board.label_layers.undo_last_run([1])
    assert np.array_equal(board.layer(1).data, np.where(halves == 2, 1, 0))
    assert np.array_equal(board.layer(2).data, np.where(halves == 2, 2, 0))
    assert run.notes == ("Locked classes were left as they are.",)


def test_a_hand_edit_of_a_tool_is_not_the_last_run(board, halves):
    run = board.write(halves)
    board.label_layers.assign(board.target(), halves == 1, 2)
    assert board.label_layers.last_run is run


def test_the_oldest_runs_can_no_longer_be_undone(board, halves):
    for number in range(MOST_RUNS + 3):
        board.write(halves if number % 2 else 3 - halves)
    assert len(board.label_layers.runs) == MOST_RUNS
    assert [run.number for run in board.label_layers.runs] == list(range(4, MOST_RUNS + 4))


# -- the list of runs


@pytest.fixture
def runs(board):
    return WrittenRuns(board.viewer.layers, board.label_layers.registry, board.label_layers.history)


def test_while_a_run_is_being_written_none_can_be_undone(board, halves, runs):
    first, second = board.write(halves), board.write(3 - halves)
    runs.keep(first)
    assert runs.last is first
    runs.begin(second)
    assert runs.last is None
    runs.keep(second)
    assert runs.last is second
    assert runs.all == (first, second)


def test_a_run_that_changed_nothing_is_not_kept(runs):
    runs.keep(Run(1, "Segment", ()))
    assert runs.all == ()


def test_a_run_whose_layers_are_gone_is_let_go(board, halves, runs):
    run = board.write(halves)
    runs.keep(run)
    for layer in run.layers:
        runs.layer_removed(layer)
    assert runs.last is None
    runs.keep(Run(2, "Segment", ()))
    assert runs.all == ()


def test_a_layer_that_goes_while_its_run_is_written_is_not_undone(board, halves, runs):
    run = board.write(halves)
    gone, stays = run.steps
    runs.begin(run)
    runs.layer_removed(gone.layer)
    assert (gone.is_written, stays.is_written) == (False, True)


# -- scores that take the place of older ones


def withdraw(board, run, locked=()):
    """Take back what `write_planes` takes back of a run that another replaces; returns layers and emptied layers."""
    runs = WrittenRuns(board.viewer.layers, board.label_layers.registry, board.label_layers.history)
    steps, layers = runs.withdraw(run, locked), []
    while True:
        try:
            layers.append(next(steps))
        except StopIteration as end:
            return layers, end.value


def test_what_is_withdrawn_leaves_no_trace_and_no_undo_step(board, halves):
    board.write(halves)
    new = halves.copy()
    new[:2] = 3
    run = board.write(new)
    layers, emptied = withdraw(board, run)
    assert layers == list(run.layers)
    assert emptied == {board.layer(3)}
    assert np.array_equal(board.seen(), halves)
    assert not board.label_layers.edited(board.target()).any()
    assert run.undone


def test_a_layer_that_was_painted_since_is_not_withdrawn(board, halves):
    board.write(halves)
    new = halves.copy()
    new[:2] = 3
    run = board.write(new)
    board.paint(1, [5], [5], 0)
    board.paint(3, [7], [7], 3)
    layers, emptied = withdraw(board, run)
    assert layers == [board.layer(2)]
    assert emptied == frozenset()
    assert (board.layer(3).data[:2] == 3).all()


def test_what_a_locked_class_won_is_not_withdrawn(board, halves):
    board.write(halves)
    run = board.write(3 - halves)
    assert withdraw(board, run, locked=[1])[0] == [board.layer(2)]


def test_what_ctrl_z_took_out_already_is_not_withdrawn_again(board, halves):
    board.write(halves)
    run = board.write(3 - halves)
    board.layer(1).undo()
    assert withdraw(board, run)[0] == [board.layer(2)]
    assert np.array_equal(board.seen(), halves)


def test_each_step_of_a_run_that_was_undone_is_gone_for_good(board, halves):
    board.write(halves)
    run = board.write(3 - halves)
    board.label_layers.undo_last_run()
    for step in run.steps:
        step.advance(ChangeEvent.REDO)
        assert not step.is_written
