import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask

CLASS = 3
COMBINED = None


def plane(*rows):
    return np.array(rows, np.uint8)


def mask(*rows):
    return np.array(rows, bool)


NOWHERE = mask([0, 0, 0])


def written(content, class_id):
    """What is known of a plane that a result left as ``content``, in which nobody had stated anything."""
    return Baseline.of_unknown(np.zeros_like(content), class_id).after_writing(
        content, np.zeros(content.shape, bool), class_id
    )


@given(st.data())
def test_a_packed_mask_comes_back_as_it_was(data):
    shape = data.draw(array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=9))
    pixels = data.draw(arrays(bool, shape))
    packed = PackedMask.of(pixels)
    assert np.array_equal(packed.unpacked(), pixels)
    assert packed.any() == pixels.any()
    assert packed.same_as(PackedMask.of(pixels.copy()))
    assert not PackedMask.empty(shape).unpacked().any()
    assert packed.same_as(PackedMask.empty(shape)) is not pixels.any()
    assert packed.exceeds(PackedMask.empty(shape)) == pixels.any()
    assert not packed.exceeds(packed)


def test_what_is_unpacked_may_be_changed_without_an_effect_on_the_packed_mask():
    packed = PackedMask.of(mask([1, 0, 1]))
    packed.unpacked()[...] = True
    assert packed.unpacked().tolist() == [[True, False, True]]


@pytest.mark.parametrize("class_id", [CLASS, COMBINED])
def test_all_labels_of_a_plane_that_no_result_was_written_to_are_a_persons(class_id):
    content = plane([0, CLASS, CLASS])
    assert Baseline.of_unknown(content, class_id).edits(content, class_id).tolist() == [[False, True, True]]


@pytest.mark.parametrize("class_id", [CLASS, COMBINED])
def test_what_a_result_wrote_is_no_edit_until_something_changes_it(class_id):
    content = plane([0, CLASS, CLASS])
    baseline = written(content, class_id)
    assert not baseline.edits(content, class_id).any()
    by_a_script = plane([CLASS, CLASS, 0])
    assert baseline.edits(by_a_script, class_id).tolist() == [[True, False, True]]


def test_in_a_combined_layer_another_class_is_an_edit():
    baseline = written(plane([1, 2, 0]), COMBINED)
    assert baseline.edits(plane([2, 2, 0]), COMBINED).tolist() == [[True, False, False]]


@pytest.mark.parametrize("class_id", [CLASS, COMBINED])
def test_a_stated_pixel_is_an_edit_although_it_holds_what_the_result_wrote(class_id):
    content = plane([0, CLASS, CLASS])
    baseline = written(content, class_id).with_stated(mask([0, 1, 0]))
    assert baseline.edits(content, class_id).tolist() == [[False, True, False]]


@pytest.mark.parametrize("class_id", [CLASS, COMBINED])
def test_under_an_edit_the_older_result_is_remembered(class_id):
    """So that undoing the edit leaves no edit behind."""
    first = plane([CLASS, CLASS, 0])
    erased = plane([0, CLASS, 0])
    later = written(first, class_id).after_writing(erased, mask([1, 0, 0]), class_id)
    undone = later.with_stated(NOWHERE)
    assert later.edits(erased, class_id).tolist() == [[True, False, False]]
    assert not undone.edits(first, class_id).any()


@pytest.mark.parametrize("class_id", [CLASS, COMBINED])
def test_going_back_concerns_the_pixels_that_were_asked_for(class_id):
    before, after = plane([CLASS, 0, 0]), plane([0, CLASS, CLASS])
    back = written(after, class_id).going_back(written(before, class_id), mask([1, 1, 0]))
    assert not back.edits(plane([CLASS, 0, CLASS]), class_id).any()
    assert back.edits(plane([CLASS, 0, 0]), class_id).tolist() == [[False, False, True]]


@pytest.mark.parametrize("class_id", [CLASS, COMBINED])
def test_going_back_keeps_what_is_stated_now(class_id):
    content = plane([CLASS, CLASS, CLASS])
    now = written(content, class_id).with_stated(mask([1, 0, 0]))
    back = now.going_back(written(content, class_id).with_stated(mask([0, 1, 0])), mask([1, 1, 1]))
    assert back.edits(content, class_id).tolist() == [[True, False, False]]


def test_a_combined_plane_keeps_the_type_of_its_layer():
    content = np.array([[300, 0]], np.uint16)
    assert written(content, COMBINED).written.dtype == np.uint16
