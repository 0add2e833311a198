import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from napari.layers import Labels

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.progress import run_to_end


def labels_in(viewer):
    return [layer for layer in viewer.layers if isinstance(layer, Labels)]


# -- what a run writes


def test_each_class_with_pixels_gets_a_layer_in_the_order_of_the_table(board, halves):
    board.write(halves)
    assert [layer.name for layer in board.viewer.layers] == ["scene", "dog · scene", "cat · scene"]
    assert np.array_equal(board.layer(1).data, np.where(halves == 1, 1, 0))
    assert np.array_equal(board.layer(2).data, np.where(halves == 2, 2, 0))
    assert board.layer(1).data.dtype == np.uint8


def test_combined_output_is_one_layer(board, halves):
    board.write(halves, output=Output.COMBINED)
    assert len(labels_in(board.viewer)) == 1
    assert np.array_equal(board.label_layers.combined_layer(board.image).data, halves)


def test_both_outputs_agree(board, halves):
    board.write(halves, output=Output.BOTH)
    assert len(labels_in(board.viewer)) == 3
    assert np.array_equal(board.label_layers.combined_layer(board.image).data, board.seen())


# -- what a run never changes


def test_a_second_run_keeps_what_was_painted_and_what_was_erased(board, halves):
    board.write(halves)
    board.paint(1, [0, 1], [0, 1], 0)
    board.paint(2, [5, 6], [2, 2], 2)
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
    board.paint(2, [4], [1], 2)
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
                layer.data_setitem((np.array([row]), np.array([column])), value)
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
    board.paint(1, [0], [0], 0)
    board.paint(2, [0], [15], 0)
    board.write(halves, mode=MergeMode.REPLACE, locked=[2])
    assert board.layer(1).data[0, 0] == 1
    assert board.layer(2).data[0, 15] == 0


def test_after_replace_the_old_edit_is_no_edit_any_more(board, halves):
    board.write(halves)
    board.paint(1, [0], [0], 0)
    board.write(halves, mode=MergeMode.REPLACE)
    board.write(np.full_like(halves, 2))
    assert board.seen()[0, 0] == 2


def test_fill_empty_changes_only_pixels_without_a_label(board, halves):
    first = halves.copy()
    first[:4] = 0
    board.write(first)
    board.paint(1, [11], [0], 0)
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


# -- undo


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


def test_a_polygon_that_is_undone_is_no_hand_edit(board, halves):
    board.write(halves)
    layer = board.layer(1)
    layer.paint_polygon([(0, 9), (0, 14), (6, 14)], 1)
    assert board.label_layers.edited(board.target()).any()
    layer.undo()
    assert not board.label_layers.edited(board.target()).any()


def test_a_class_erased_with_the_brush_stays_erased(board, halves):
    board.write(halves)
    rows, columns = np.nonzero(board.layer(1).data)
    board.paint(1, rows, columns, 0)
    board.layer(1).refresh()
    board.write(halves)
    assert not board.layer(1).data.any()


# -- hand edits by a tool


def test_a_given_region_belongs_to_one_class_only(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[2:5, 6:10] = True
    board.label_layers.assign(board.target(), mask, 2)
    assert not board.layer(1).data[mask].any()
    assert (board.layer(2).data[mask] == 2).all()


def test_a_given_region_survives_runs_even_where_the_model_agreed(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[2:5, 6:10] = True
    board.label_layers.assign(board.target(), mask, 2)
    board.write(np.full_like(halves, 3))
    assert (board.seen()[mask] == 2).all()
    assert (board.seen()[~mask] == 3).all()


def test_undo_in_one_layer_takes_a_given_region_back_in_all(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[2:5, 6:10] = True
    board.label_layers.assign(board.target(), mask, 2)
    board.layer(2).undo()
    assert np.array_equal(board.seen(), halves)
    board.layer(1).redo()
    assert (board.seen()[mask] == 2).all()


def test_giving_to_a_class_without_a_layer_makes_it(board, halves):
    board.write(halves)
    board.label_layers.apply_classes(board.table)
    mask = np.zeros((12, 16), bool)
    mask[0] = True
    board.label_layers.assign(board.target(), mask, 3)
    assert board.layer(3).name == "cow · scene"
    board.layer(3).undo()
    assert np.array_equal(board.seen(), halves)


def test_clearing_a_region(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[0] = True
    board.label_layers.assign(board.target(), mask, 0)
    assert not board.seen()[0].any()
    board.write(halves)
    assert not board.seen()[0].any()


def test_locked_classes_neither_get_nor_lose_regions(board, halves):
    board.write(halves)
    board.label_layers.apply_classes(board.table)
    with pytest.raises(CliptraseError, match="'dog' is locked"):
        board.label_layers.assign(board.target(), halves == 1, 2, locked=[2])
    board.label_layers.assign(board.target(), np.ones_like(halves, bool), 1, locked=[2])
    assert np.array_equal(board.seen(), halves)


# -- names, colours, deleted classes, figures


def test_renaming_and_recolouring_reaches_the_layers(board, halves):
    board.write(halves)
    table = ClassTable.from_json(board.table.to_json().replace('"cat"', '"tiger"').replace("#e6194b", "#0000ff"))
    board.label_layers.apply_classes(table)
    assert board.layer(1).name == "tiger · scene"
    assert np.allclose(board.layer(1).get_color(1)[:3], (0, 0, 1))
    assert board.layer(2).features["class"].tolist()[1] == "tiger"


def test_a_deleted_class_takes_its_layer_with_it_unless_it_was_painted_on(board, halves):
    board.write(halves)
    board.paint(2, [0], [0], 2)
    assert board.label_layers.drop_class(1) == ()
    assert board.label_layers.drop_class(2) == ("dog · scene",)
    assert list(board.label_layers.class_layers(board.image)) == [2]
    assert 2 in board.label_layers.ids_in_use()


def test_model_pixels_of_a_deleted_class_go_with_the_next_run(board, halves):
    board.write(halves)
    board.paint(2, [0], [0], 2)
    board.label_layers.drop_class(2)
    board.table = ClassTable.from_names("cat")
    board.write(np.where(halves == 1, 1, 0).astype(np.uint8))
    assert np.count_nonzero(board.layer(2).data) == 1


def test_areas_count_what_the_layers_hold(board, halves):
    board.write(halves)
    board.paint(1, np.arange(12), np.zeros(12, int), 0)
    assert board.label_layers.areas(board.target()) == pytest.approx({0: 1 / 16, 1: 7 / 16, 2: 8 / 16})


def test_where_layers_overlap_hand_edits_win_and_the_pixels_are_counted(board, halves):
    board.write(halves)
    board.paint(2, [1, 2], [1, 1], 2)
    labels, twice = board.label_layers.combined(board.target())
    assert twice == 2
    assert labels[1, 1] == 2


def test_a_wrong_shape_is_a_mistake_of_the_program(board):
    with pytest.raises(ValueError, match="shape"):
        board.label_layers.write(PlaneResult(board.target(), np.zeros((3, 3), np.uint8), board.table))


def test_undo_of_a_region_leaves_a_later_run_in_its_other_layer_alone(board, halves):
    board.write(halves)
    mask = np.zeros((12, 16), bool)
    mask[6:9, 2:5] = True
    board.label_layers.assign(board.target(), mask, 2)
    new = halves.copy()
    new[:2, :8] = 3
    board.write(new)  # changes the layers of classes 1 and 3 only
    board.layer(2).undo()
    assert np.array_equal(board.seen(), new)


def test_ctrl_z_takes_a_linked_run_back_in_all_layers_and_undo_last_run_finds_it(board, halves):
    board.write(halves)
    steps = board.label_layers.write_planes(
        [PlaneResult(board.target(), halves[:, ::-1], board.table, title="Learned")], linked=True
    )
    learned = run_to_end(steps)
    assert board.label_layers.last_run is learned
    board.layer(1).undo()
    assert np.array_equal(board.seen(), halves)
    board.layer(2).redo()
    assert np.array_equal(board.seen(), halves[:, ::-1])
    board.label_layers.undo_last_run()
    assert np.array_equal(board.seen(), halves)
    assert not board.label_layers.edited(board.target()).any()
