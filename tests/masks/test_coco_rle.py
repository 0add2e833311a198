import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from napari_cliptrase.masks.coco_rle import pack_counts, rle_runs, unpack_counts
from napari_cliptrase.masks.pixel_runs import alternating, expanded

INSIDE = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))


@given(INSIDE)
def test_runs_are_those_of_pycocotools(inside):
    reference = coco.encode(np.asfortranarray(inside.astype(np.uint8)))
    text = reference["counts"].decode()
    starts, lengths = rle_runs({"size": list(inside.shape), "counts": text}, inside.shape)
    flat = np.zeros(inside.size, bool)
    for _, index in expanded(starts, lengths):
        flat[index] = True
    np.testing.assert_array_equal(flat.reshape(inside.shape[::-1]).T, inside)
    if len(starts):
        assert pack_counts(alternating(starts, lengths, inside.size)) == text


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=150))
def test_the_compressed_string_can_be_read_back(counts):
    assert unpack_counts(pack_counts(np.array(counts))).tolist() == counts


@pytest.mark.parametrize("text", ["\x01", "zzz~~~~", "P", "ooooooooooooo0", "o" * 90 + "0", "é"])
def test_a_damaged_string_is_an_error(text):
    with pytest.raises(ValueError, match="damaged"):
        unpack_counts(text)


@pytest.mark.parametrize(
    ("segmentation", "says"),
    [
        ({"size": [2, 3], "counts": [1.5, 4.5]}, "whole numbers"),
        ({"size": [2, 3], "counts": [[6]]}, "whole numbers"),
        ({"size": [2, 3], "counts": ["6"]}, "whole numbers"),
        ({"size": [2, "3"], "counts": [6]}, "'size' is '3'"),
        ({"size": [2, 4], "counts": [8]}, "2 × 4 pixels belongs to an image of 2 × 3"),
        ({"size": [2, 3], "counts": [7, -1]}, "run of -1 pixels"),
    ],
)
def test_what_is_no_mask_of_the_image_is_a_sentence(segmentation, says):
    with pytest.raises(ValueError, match=says):
        rle_runs(segmentation, (2, 3))
