import pytest

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.layers.write_plan import resolve
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.tags import class_of


def plan(board, labels, output=Output.CLASSES):
    result = PlaneResult(board.target(), labels, board.table)
    return resolve(
        board.label_layers.registry, board.label_layers.contents, [result], output, MergeMode.KEEP_EDITS, {3}
    )


def test_only_classes_that_have_pixels_get_a_layer_and_the_first_lies_on_top(board, halves):
    found = plan(board, halves)
    assert [class_of(layer) for layer in found.missing] == [2, 1]
    assert found.existing == ()
    assert found.locked == {3}
    assert len(board.viewer.layers) == 1  # nothing is in the list yet


def test_layers_that_are_there_are_used_again(board, halves):
    board.write(halves)
    found = plan(board, halves)
    assert found.missing == ()
    assert {class_of(layer) for layer in found.existing} == {1, 2}


@pytest.mark.parametrize(("output", "count"), [(Output.COMBINED, 1), (Output.BOTH, 3)])
def test_the_output_decides_which_layers_are_made(board, halves, output, count):
    assert len(plan(board, halves, output).missing) == count
