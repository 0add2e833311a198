import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.merge import MergeMode, edited_pixels, merge_labels

SHAPE = (5, 6)
labels = hnp.arrays(np.uint8, SHAPE, elements=st.integers(0, 4))


@given(labels, labels, labels, st.sampled_from([MergeMode.FILL_EMPTY, MergeMode.KEEP_EDITS]))
def test_edits_survive_every_mode_but_replace(current, last, proposed, mode):
    edited = edited_pixels(current, last)
    merged = merge_labels(current, proposed, mode=mode, edited=edited)
    assert np.array_equal(merged[edited], current[edited])


@given(labels, labels)
def test_without_edits_the_result_is_taken_whole(last, proposed):
    merged = merge_labels(last, proposed, edited=edited_pixels(last, last))
    assert np.array_equal(merged, proposed)


@given(labels, labels, labels)
def test_fill_empty_changes_only_empty_pixels(current, last, proposed):
    merged = merge_labels(current, proposed, mode=MergeMode.FILL_EMPTY, edited=edited_pixels(current, last))
    assert np.array_equal(merged[current != 0], current[current != 0])


@given(labels, labels, st.sampled_from(list(MergeMode)), st.sets(st.integers(1, 4), min_size=1))
def test_locked_classes_neither_lose_nor_gain(current, proposed, mode, locked):
    edited = np.zeros(SHAPE, bool)
    merged = merge_labels(current, proposed, mode=mode, edited=edited, locked_ids=locked)
    for class_id in locked:
        assert np.array_equal(merged == class_id, current == class_id)


@given(labels, labels, labels)
def test_replace_takes_everything(current, last, proposed):
    merged = merge_labels(current, proposed, mode=MergeMode.REPLACE, edited=edited_pixels(current, last))
    assert np.array_equal(merged, proposed)


def test_without_a_last_result_every_label_counts_as_made_by_hand():
    current = np.array([[0, 3]], np.uint8)
    assert np.array_equal(merge_labels(current, np.array([[1, 1]], np.uint8)), [[1, 3]])


def test_inputs_stay_and_dtype_is_that_of_the_layer():
    current, proposed = np.zeros((2, 2), np.uint8), np.ones((2, 2), np.int64)
    merged = merge_labels(current, proposed, edited=np.zeros((2, 2), bool))
    assert merged.dtype == np.uint8
    assert not current.any()


def test_erased_by_hand_stays_erased():
    last = np.array([[2, 2]], np.uint8)
    current = np.array([[0, 2]], np.uint8)
    merged = merge_labels(current, last, mode=MergeMode.FILL_EMPTY, edited=edited_pixels(current, last))
    assert np.array_equal(merged, current)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"\(2, 2\).*\(3, 3\)"):
        merge_labels(np.zeros((2, 2), np.uint8), np.zeros((3, 3), np.uint8))
