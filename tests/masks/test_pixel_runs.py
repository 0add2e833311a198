import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from napari_cliptrase.masks import pixel_runs
from napari_cliptrase.masks.coco_rle import pack_counts
from napari_cliptrase.masks.pixel_runs import (
    alternating,
    column_runs,
    expanded,
    mask_runs,
    row_runs,
    runs_of_counts,
    runs_of_crop,
)

PLANE = hnp.arrays(
    st.sampled_from([np.uint8, np.uint16, np.int64]),
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.sampled_from([0, 0, 1, 2, 200]),
)


@given(PLANE)
def test_pycocotools_encodes_the_same(plane):
    values = []
    for run in column_runs(plane):
        values.append(run.value)
        reference = coco.encode(np.asfortranarray((plane == run.value).astype(np.uint8)))
        assert pack_counts(run.counts()).encode() == reference["counts"]
        assert run.area == coco.area(reference)
        first, last, low, high = run.extent
        assert [first, low, last - first, high - low] == coco.toBbox(reference).tolist()
    assert values == sorted(set(np.unique(plane).tolist()) - {0})


@given(PLANE)
def test_runs_along_rows_give_the_plane_back(plane):
    again = np.zeros(plane.size, plane.dtype)
    for run in row_runs(plane):
        for _, index in expanded(*runs_of_counts(run.counts(), plane.size)):
            again[index] = run.value
    np.testing.assert_array_equal(again.reshape(plane.shape), plane)


@given(PLANE, st.integers(1, 20))
def test_the_blocks_in_which_a_plane_is_read_do_not_show(plane, block):
    whole = [(r.value, r.counts().tolist()) for r in column_runs(plane)]
    before, pixel_runs.BLOCK = pixel_runs.BLOCK, block
    try:
        assert [(r.value, r.counts().tolist()) for r in column_runs(plane)] == whole
    finally:
        pixel_runs.BLOCK = before


def test_lengths_that_do_not_fit_the_image_are_an_error():
    with pytest.raises(ValueError, match="7 instead of 6"):
        runs_of_counts(np.array([3, 4]), 6)
    with pytest.raises(ValueError, match="run of -1 pixels"):
        runs_of_counts(np.array([5, -1, 2]), 6)
    with pytest.raises(ValueError, match="18446744073709551622 instead of 6"):  # their sum would wrap around to 6
        runs_of_counts(np.array([2**62, 2**62, 2**62, 2**62, 6]), 6)


FLAT = hnp.arrays(np.bool_, st.integers(1, 40))


@given(FLAT)
def test_runs_of_a_mask_and_its_counts_are_the_same(inside):
    starts, lengths = mask_runs(inside)
    if len(starts):
        again = runs_of_counts(alternating(starts, lengths, inside.size), inside.size)
        assert [part.tolist() for part in again] == [starts.tolist(), lengths.tolist()]
    members = [index for _, found in expanded(starts, lengths, 3) for index in found.tolist()]
    assert members == np.flatnonzero(inside).tolist()


@given(PLANE, st.integers(1, 5))
def test_members_of_runs_know_their_run(plane, most):
    for run in row_runs(plane):
        for number, index in expanded(run.starts, run.lengths, most):
            assert 0 < len(index) <= most
            assert (run.starts[number] <= index).all()
            assert (index < run.starts[number] + run.lengths[number]).all()


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)), st.integers(0, 3), st.integers(0, 3))
def test_runs_of_a_crop_lie_where_the_crop_lies(crop, x, y):
    height, width = crop.shape
    shape = (height + y + 1, width + x + 2)
    whole = np.zeros(shape, bool)
    starts, lengths = runs_of_crop(*mask_runs(crop.reshape(-1)), (x, y, width, height), shape)
    for _, index in expanded(starts, lengths):
        whole.reshape(-1)[index] = True
    expected = np.zeros(shape, bool)
    expected[y : y + height, x : x + width] = crop
    np.testing.assert_array_equal(whole, expected)


@pytest.mark.parametrize("crop", [(-1, 0, 2, 2), (0, 0, 7, 2), (5, 0, 2, 2), (0, 0, 0, 2)])
def test_a_crop_outside_its_image_is_an_error(crop):
    with pytest.raises(ValueError, match="outside its image"):
        runs_of_crop(np.array([0]), np.array([1]), crop, (5, 6))
