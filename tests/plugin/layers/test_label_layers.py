import dask.array as da
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from napari.layers import Labels

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import PlaneResult, tag_of
from napari_cliptrase.plugin.layers import run_writer as pen_module
from napari_cliptrase.plugin.state.run_choices import Output


def brush(layer, rows, columns, value):
    layer.data_setitem((np.asarray(rows), np.asarray(columns)), value)


def labels_in(viewer):
    return [layer for layer in viewer.layers if isinstance(layer, Labels)]


# -- what a run writes


def test_each_class_with_pixels_gets_a_layer_in_the_order_of_the_table(board, halves):
    board.write(halves)
    assert [layer.name for layer in board.viewer.layers] == ["scene", "dog · scene", "cat · scene"]
    assert np.array_equal(board.layer(1).data, np.where(halves == 1, 1, 0))
    assert np.array_equal(board.layer(2).data, np.where(halves == 2, 2, 0))
    assert board.layer(1).data.dtype == np.uint8


def test_a_layer_carries_names_colours_and_class_table(board, halves):
    board.write(halves)
    layer = board.layer(2)
    assert layer.features["class"].tolist() == ["background", "cat", "dog", "cow"]
    assert np.allclose(layer.get_color(2)[:3], np.array(board.table.get(2).color) / 255)
    assert ClassTable.from_json(tag_of(layer).classes) == board.table
    assert layer.selected_label == 2


def test_combined_output_is_one_layer(board, halves):
    board.write(halves, output=Output.COMBINED)
    assert len(labels_in(board.viewer)) == 1
    assert np.array_equal(board.book.combined_layer(board.image).data, halves)


def test_both_outputs_agree(board, halves):
    board.write(halves, output=Output.BOTH)
    assert len(labels_in(board.viewer)) == 3
    assert np.array_equal(board.book.combined_layer(board.image).data, board.seen())


def test_more_than_255_classes_get_a_wider_type(board):
    board.table = ClassTable.from_names(*(f"class {i}" for i in range(300)))
    labels = np.full((12, 16), 300, np.uint16)
    board.write(labels)
    assert board.layer(300).data.dtype == np.uint16
    assert (board.layer(300).data == 300).all()


def test_a_new_layer_keeps_the_selection_of_the_user(board, halves):
    board.viewer.layers.selection.active = board.image
    board.write(halves)
    assert board.viewer.layers.selection.active == board.image


# -- what a run never changes


def test_a_second_run_keeps_what_was_painted_and_what_was_erased(board, halves):
    board.write(halves)
    brush(board.layer(1), [0, 1], [0, 1], 0)
    brush(board.layer(2), [5, 6], [2, 2], 2)
    new = np.full_like(halves, 1)
    new[8:] = 3
    board.write(new)
    seen = board.seen()
    assert seen[0, 0] == seen[1, 1] == 0
    assert seen[5, 2] == seen[6, 2] == 2
    assert seen[3, 3] == 1
    assert seen[9, 9] == 3


def test_an_edit_that_a_later_result_agrees_with_stays_an_edit(board, halves):
    board.write(halves)
    brush(board.layer(2), [4], [1], 2)
    agreeing = halves.copy()
    agreeing[4, 1] = 2
    board.write(agreeing)
    board.write(np.full_like(halves, 3))
    assert board.seen()[4, 1] == 2


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_edits_anywhere_survive_any_number_of_runs(make_board, data):
    board = make_board()
    results = arrays(np.uint8, (12, 16), elements=st.integers(0, 3))
    board.write(data.draw(results), output=Output.BOTH)
    edited = {}
    for _ in range(data.draw(st.integers(1, 4))):
        layers = labels_in(board.viewer)
        if layers:
            layer = data.draw(st.sampled_from(layers))
            row, column = data.draw(st.integers(0, 11)), data.draw(st.integers(0, 15))
            value = data.draw(st.integers(0, 3))
            if layer.data[row, column] != value:
                brush(layer, [row], [column], value)
                edited[layer, row, column] = value
        output = data.draw(st.sampled_from(Output))
        board.write(data.draw(results), output=output)
        for (layer, row, column), value in edited.items():
            assert layer.data[row, column] == value


def test_labels_that_were_there_before_any_run_count_as_edits(board, halves):
    board.write(halves)
    layer = board.layer(1)
    layer.metadata = {**layer.metadata}
    board.viewer.layers.remove(layer)
    board.viewer.layers.append(layer)
    board.write(np.full_like(halves, 2))
    assert np.array_equal(board.layer(1).data, np.where(halves == 1, 1, 0))


def test_a_locked_class_neither_loses_nor_gains(board, halves):
    board.write(halves)
    before = board.layer(1).data.copy()
    board.write(3 - halves, locked=[1])
    assert np.array_equal(board.layer(1).data, before)
    assert not (board.layer(2).data[:, :8] != 0).any()


def test_replace_takes_hand_edits_but_no_locked_class(board, halves):
    board.write(halves)
    brush(board.layer(1), [0], [0], 0)
    brush(board.layer(2), [0], [15], 0)
    board.write(halves, mode=MergeMode.REPLACE, locked=[2])
    assert board.layer(1).data[0, 0] == 1
    assert board.layer(2).data[0, 15] == 0


def test_after_replace_the_old_edit_is_no_edit_any_more(board, halves):
    board.write(halves)
    brush(board.layer(1), [0], [0], 0)
    board.write(halves, mode=MergeMode.REPLACE)
    board.write(np.full_like(halves, 2))
    assert board.seen()[0, 0] == 2


def test_fill_empty_changes_only_pixels_without_a_label(board, halves):
    first = halves.copy()
    first[:4] = 0
    board.write(first)
    brush(board.layer(1), [11], [0], 0)
    board.write(np.full_like(halves, 3), mode=MergeMode.FILL_EMPTY)
    seen = board.seen()
    assert (seen[:4] == 3).all()
    assert np.array_equal(seen[4:11], halves[4:11])
    assert seen[11, 0] == 0


def test_a_result_for_a_part_leaves_the_rest_as_it_is(board, halves):
    board.write(halves)
    target = board.target(rows=slice(2, 6), columns=slice(3, 9))
    board.write(np.full((4, 6), 3, np.uint8), target)
    expected = halves.copy()
    expected[2:6, 3:9] = 3
    assert np.array_equal(board.seen(), expected)


def test_a_plane_of_a_stack_is_written_to_that_plane(make_board):
    board = make_board(shape=(2, 5, 12, 16), rgb=False)
    board.write(np.full((12, 16), 2, np.uint8), board.target((1, 3)))
    data = board.layer(2).data
    assert data.shape == (2, 5, 12, 16)
    assert (data[1, 3] == 2).all()
    assert np.count_nonzero(data) == 12 * 16


# -- results that come too late, layers that are gone


def test_a_result_for_a_changed_image_is_refused_and_changes_nothing(board, halves):
    target = board.target()
    board.versions[board.image.unique_id] = 1
    with pytest.raises(CliptraseError, match="'scene' has changed"):
        board.write(halves, target)
    assert not labels_in(board.viewer)


def test_a_result_for_an_image_that_has_gone_is_refused(board, halves):
    target = board.target()
    board.viewer.layers.remove(board.image)
    with pytest.raises(CliptraseError, match="'scene' was removed"):
        board.write(halves, target)


def test_a_deleted_layer_is_made_again(board, halves):
    board.write(halves)
    board.viewer.layers.remove(board.layer(1))
    board.write(halves)
    assert (board.layer(1).data[:, :8] == 1).all()


def test_a_renamed_layer_is_found_and_keeps_its_name(board, halves):
    board.write(halves)
    board.layer(1).name = "my cats"
    board.write(3 - halves)
    assert board.layer(1).name == "my cats"
    assert (board.layer(1).data[:, 8:] == 1).all()


def test_a_duplicate_is_the_users_and_is_left_alone(board, halves):
    board.write(halves)
    copy = Labels(board.layer(1).data.copy(), metadata=dict(board.layer(1).metadata))
    board.viewer.layers.append(copy)
    board.write(3 - halves)
    assert np.array_equal(copy.data, np.where(halves == 1, 1, 0))


def test_a_layer_whose_data_cannot_be_written_is_copied_and_said(board, halves):
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
    old = board.layer(1)
    monkeypatch.setattr(pen_module, "MOST_CHANGES", 20)
    run = board.write(3 - halves)
    assert "million" in run.notes[0]
    assert old in board.viewer.layers
    assert np.array_equal(board.seen(), 3 - halves)
    board.book.undo_last_run()
    assert board.layer(1) == old
    assert np.array_equal(board.seen(), halves)


# -- undo


def test_a_run_is_one_undo_step_of_each_layer(board, halves):
    board.write(halves)
    before = board.layer(1).data.copy()
    board.write(3 - halves)
    board.layer(1).undo()
    assert np.array_equal(board.layer(1).data, before)


def test_pixels_restored_by_undo_are_no_hand_edits(board, halves):
    board.write(halves)
    board.write(3 - halves)
    board.layer(1).undo()
    board.layer(2).undo()
    board.write(np.full_like(halves, 3))
    assert (board.seen() == 3).all()


def test_redo_after_undo_is_no_hand_edit_either(board, halves):
    board.write(halves)
    board.write(3 - halves)
    for class_id in (1, 2):
        board.layer(class_id).undo()
        board.layer(class_id).redo()
    board.write(np.full_like(halves, 3))
    assert (board.seen() == 3).all()


def test_a_class_erased_with_the_brush_stays_erased(board, halves):
    board.write(halves)
    rows, columns = np.nonzero(board.layer(1).data)
    brush(board.layer(1), rows, columns, 0)
    board.layer(1).refresh()
    board.write(halves)
    assert not board.layer(1).data.any()


def test_undo_last_run_restores_every_layer_exactly(board, halves):
    board.write(halves)
    brush(board.layer(1), [0], [0], 0)
    before = {class_id: board.layer(class_id).data.copy() for class_id in (1, 2)}
    new = np.full_like(halves, 3)
    new[:, :3] = 2
    board.write(new)
    board.book.undo_last_run()
    assert set(board.book.class_layers(board.image)) == {1, 2}
    for class_id, data in before.items():
        assert np.array_equal(board.layer(class_id).data, data)
    board.write(new)
    assert board.seen()[0, 0] == 0
    assert board.seen()[1, 1] == 2


def test_undo_last_run_keeps_what_was_painted_since(board, halves):
    board.write(halves)
    board.write(3 - halves)
    brush(board.layer(1), [3], [15], 0)
    brush(board.layer(2), [3], [15], 2)
    board.book.undo_last_run()
    expected = halves.copy()
    assert np.array_equal(board.seen(), expected)
    assert board.book.edited(board.target())[3, 15]


def test_undo_of_the_first_run_removes_its_layers_unless_they_were_painted_on(board, halves):
    board.write(halves)
    brush(board.layer(2), [1], [1], 2)
    board.book.undo_last_run()
    assert list(board.book.class_layers(board.image)) == [2]
    assert np.count_nonzero(board.layer(2).data) == 1
    assert board.book.last_run is None
    assert board.book.undo_last_run() is None


def test_runs_are_taken_back_one_after_the_other(board, halves):
    board.write(halves)
    board.write(3 - halves)
    board.write(np.full_like(halves, 3))
    board.book.undo_last_run()
    assert np.array_equal(board.seen(), 3 - halves)
    board.book.undo_last_run()
    assert np.array_equal(board.seen(), halves)


def test_undo_after_the_layers_were_deleted_breaks_nothing(board, halves):
    board.write(halves)
    for layer in labels_in(board.viewer):
        board.viewer.layers.remove(layer)
    board.book.undo_last_run()
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
    brush(board.layer(1), [5], [5], 0)
    new[:4] = 3
    board.write(new, instead_of=live)
    assert board.seen()[5, 5] == 0
    assert (board.seen()[:4] == 3).all()


# -- hand edits by a tool


def test_a_given_region_belongs_to_one_class_only(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[2:5, 6:10] = True
    board.book.give(board.target(), mask, 2)
    assert not board.layer(1).data[mask].any()
    assert (board.layer(2).data[mask] == 2).all()


def test_a_given_region_survives_runs_even_where_the_model_agreed(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[2:5, 6:10] = True
    board.book.give(board.target(), mask, 2)
    board.write(np.full_like(halves, 3))
    assert (board.seen()[mask] == 2).all()
    assert (board.seen()[~mask] == 3).all()


def test_undo_in_one_layer_takes_a_given_region_back_in_all(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[2:5, 6:10] = True
    board.book.give(board.target(), mask, 2)
    board.layer(2).undo()
    assert np.array_equal(board.seen(), halves)
    board.layer(1).redo()
    assert (board.seen()[mask] == 2).all()


def test_giving_to_a_class_without_a_layer_makes_it(board, halves):
    board.write(halves)
    board.book.apply_classes(board.table)
    mask = np.zeros((12, 16), bool)
    mask[0] = True
    board.book.give(board.target(), mask, 3)
    assert board.layer(3).name == "cow · scene"
    board.layer(3).undo()
    assert np.array_equal(board.seen(), halves)


def test_clearing_a_region(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[0] = True
    board.book.give(board.target(), mask, 0)
    assert not board.seen()[0].any()
    board.write(halves)
    assert not board.seen()[0].any()


def test_locked_classes_neither_get_nor_lose_regions(board, halves):
    board.write(halves)
    board.book.apply_classes(board.table)
    with pytest.raises(CliptraseError, match="'dog' is locked"):
        board.book.give(board.target(), halves == 1, 2, locked=[2])
    board.book.give(board.target(), np.ones_like(halves, bool), 1, locked=[2])
    assert np.array_equal(board.seen(), halves)


# -- names, colours, deleted classes, figures


def test_renaming_and_recolouring_reaches_the_layers(board, halves):
    board.write(halves)
    table = ClassTable.from_json(board.table.to_json().replace('"cat"', '"tiger"').replace("#e6194b", "#0000ff"))
    board.book.apply_classes(table)
    assert board.layer(1).name == "tiger · scene"
    assert np.allclose(board.layer(1).get_color(1)[:3], (0, 0, 1))
    assert board.layer(2).features["class"].tolist()[1] == "tiger"


def test_a_deleted_class_takes_its_layer_with_it_unless_it_was_painted_on(board, halves):
    board.write(halves)
    brush(board.layer(2), [0], [0], 2)
    assert board.book.drop_class(1) == ()
    assert board.book.drop_class(2) == ("dog · scene",)
    assert list(board.book.class_layers(board.image)) == [2]
    assert 2 in board.book.ids_in_use()


def test_model_pixels_of_a_deleted_class_go_with_the_next_run(board, halves):
    board.write(halves)
    brush(board.layer(2), [0], [0], 2)
    board.book.drop_class(2)
    board.table = ClassTable.from_names("cat")
    board.write(np.where(halves == 1, 1, 0).astype(np.uint8))
    assert np.count_nonzero(board.layer(2).data) == 1


def test_areas_count_what_the_layers_hold(board, halves):
    board.write(halves)
    brush(board.layer(1), np.arange(12), np.zeros(12, int), 0)
    assert board.book.areas(board.target()) == pytest.approx({0: 1 / 16, 1: 7 / 16, 2: 8 / 16})


def test_layers_from_a_file_are_taken_up_and_never_overwritten(board, halves):
    raw = {"classes": board.table.to_json(), "class_id": 1, "image_name": "scene"}
    saved = Labels(np.where(halves == 1, 1, 0).astype(np.uint8), name="cat", metadata={"cliptrase": raw})
    board.viewer.layers.append(saved)
    board.write(np.full_like(halves, 2))
    assert board.layer(1) == saved
    assert np.array_equal(board.seen(), halves)


def test_where_layers_overlap_hand_edits_win_and_the_pixels_are_counted(board, halves):
    board.write(halves)
    brush(board.layer(2), [1, 2], [1, 1], 2)
    labels, twice = board.book.combined(board.target())
    assert twice == 2
    assert labels[1, 1] == 2


def test_a_wrong_shape_is_a_mistake_of_the_program(board):
    with pytest.raises(ValueError, match="shape"):
        board.book.write(PlaneResult(board.target(), np.zeros((3, 3), np.uint8), board.table))


def test_a_live_run_after_a_given_region_keeps_it_wherever_it_lies(board, halves):
    board.write(halves)
    new = halves.copy()
    new[:2] = 3
    live = board.write(new)
    mask = np.zeros((12, 16), bool)
    mask[6:9, 2:5] = True
    board.book.give(board.target(), mask, 2)
    new[:4] = 3
    board.write(new, instead_of=live)
    assert (board.seen()[6:9, 2:5] == 2).all()
    assert (board.seen()[:4] == 3).all()
    board.write(np.ones_like(halves))
    assert (board.seen()[6:9, 2:5] == 2).all()


def test_undo_of_a_region_leaves_a_later_run_in_its_other_layer_alone(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[6:9, 2:5] = True
    board.book.give(board.target(), mask, 2)
    new = halves.copy()
    new[:2, :8] = 3
    board.write(new)  # changes the layers of classes 1 and 3 only
    board.layer(2).undo()
    assert np.array_equal(board.seen(), new)


def test_undo_last_run_keeps_what_was_given_since(board, halves):
    board.write(halves)
    new = halves.copy()
    new[:2] = 3
    board.write(new)
    mask = np.zeros((12, 16), bool)
    mask[6:9, 6:10] = True  # half of it is class 2 already
    board.book.give(board.target(), mask, 2)
    board.book.undo_last_run()
    board.write(np.ones_like(halves))
    assert (board.seen()[6:9, 6:10] == 2).all()


def test_pixels_of_scores_that_were_replaced_are_no_hand_edits(board, halves):
    board.write(halves)
    live, new = None, halves.copy()
    for rows in (2, 4):
        new[:rows] = 0
        live = board.write(new, instead_of=live)
    for layer in board.book.class_layers(board.image).values():
        layer.refresh()
    assert not board.book.edited(board.target()).any()
    board.write(halves, instead_of=live)
    assert np.array_equal(board.seen(), halves)
