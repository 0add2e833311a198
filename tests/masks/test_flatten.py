import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.flatten import flatten, split_classes

LAYER = hnp.arrays(np.uint8, (3, 4), elements=st.sampled_from([0, 0, 1, 2, 3]))


def test_the_upper_layer_wins_and_the_clash_is_counted():
    cat = np.array([[1, 1, 0]], np.uint8)
    dog = np.array([[0, 2, 2]], np.uint8)
    flat = flatten([cat, dog])
    assert flat.labels.tolist() == [[1, 2, 2]]
    assert flat.overlapped == 1
    assert flatten([dog, cat]).labels.tolist() == [[1, 1, 2]]


def test_a_pixel_of_three_layers_counts_once():
    layers = [np.array([[i]], np.uint8) for i in (1, 2, 3)]
    assert flatten(layers).overlapped == 1


def test_agreeing_layers_do_not_overlap():
    layer = np.array([[4, 0]], np.uint8)
    assert flatten([layer, layer]).overlapped == 0


def test_ids_of_a_wider_layer_do_not_wrap_around():
    flat = flatten([np.array([[1, 0]], np.uint8), np.array([[0, 300]], np.uint16)])
    assert flat.labels.tolist() == [[1, 300]]


@given(st.lists(LAYER, min_size=1, max_size=4))
def test_the_last_label_of_each_pixel_is_kept(layers):
    expected = np.zeros((3, 4), int)
    for layer in layers:
        expected[layer != 0] = layer[layer != 0]
    np.testing.assert_array_equal(flatten(layers).labels, expected)


@given(LAYER)
def test_splitting_and_joining_again_changes_nothing(labels):
    parts = split_classes(labels, (1, 2, 3))
    flat = flatten(list(parts.values()))
    np.testing.assert_array_equal(flat.labels, labels)
    assert flat.overlapped == 0
    assert all(set(np.unique(part)) <= {0, class_id} for class_id, part in parts.items())


def test_layers_of_two_sizes_and_no_layers_are_refused():
    with pytest.raises(MaskFormatError, match="2 × 2 and 3 × 3"):
        flatten([np.zeros((2, 2), np.uint8), np.zeros((3, 3), np.uint8)])
    with pytest.raises(MaskFormatError, match="no layer"):
        flatten([])
