import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from napari_cliptrase.masks import pixel_runs
from napari_cliptrase.masks.pixel_runs import column_runs, mask_of, pack_counts, row_runs, unpack_counts

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
        first, last, low, high = run.extent()
        assert [first, low, last - first, high - low] == coco.toBbox(reference).tolist()
    assert values == sorted(set(np.unique(plane).tolist()) - {0})


@given(PLANE)
def test_runs_along_rows_give_the_plane_back(plane):
    again = np.zeros(plane.size, plane.dtype)
    for run in row_runs(plane):
        again[mask_of(run.counts(), plane.size)] = run.value
    np.testing.assert_array_equal(again.reshape(plane.shape), plane)


@given(PLANE, st.integers(1, 20))
def test_the_blocks_in_which_a_plane_is_read_do_not_show(plane, block):
    whole = [(r.value, r.counts().tolist()) for r in column_runs(plane)]
    before, pixel_runs._BLOCK = pixel_runs._BLOCK, block
    try:
        assert [(r.value, r.counts().tolist()) for r in column_runs(plane)] == whole
    finally:
        pixel_runs._BLOCK = before


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=30))
def test_the_compressed_string_can_be_read_back(counts):
    assert unpack_counts(pack_counts(np.array(counts))).tolist() == counts


@pytest.mark.parametrize("text", ["\x01", "zzz~~~~", "P"])
def test_a_damaged_string_is_an_error(text):
    with pytest.raises(ValueError, match="damaged"):
        unpack_counts(text)


def test_lengths_that_do_not_fit_the_image_are_an_error():
    with pytest.raises(ValueError, match="7 instead of 6"):
        mask_of(np.array([3, 4]), 6)
