import timeit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.pixel_runs import expanded, row_runs
from napari_cliptrase.masks.rle_pack import pack, unpack

GOLDEN_CAT = [
    0, 0, 0, 120, 57, 27, 254, 27, 0, 183, 255, 108, 2, 63, 248, 192, 35, 255, 182, 1, 111, 255, 15, 128, 0,
]  # fmt: skip


def test_the_golden_vector(golden):
    cat = next(run for run in row_runs(golden.labels) if run.value == 1)
    assert pack(cat.counts()) == GOLDEN_CAT


def opaque(packed, pixels):
    inside = np.zeros(pixels, bool)
    for _, index in expanded(*unpack(packed, pixels)):
        inside[index] = True
    return inside


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 1)))
def test_every_pixel_comes_back(plane):
    for run in row_runs(plane):
        np.testing.assert_array_equal(opaque(pack(run.counts()), plane.size).reshape(plane.shape), plane == 1)


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=5).filter(any))
def test_runs_longer_than_a_block_come_back(counts):
    expected = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    assert np.array_equal(opaque(pack(np.array(counts)), len(expected)), expected)


@given(st.lists(st.integers(0, 3_000_000), min_size=2, max_size=4).filter(any))
def test_the_equal_blocks_of_long_gaps_come_back(counts):
    expected = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    assert np.array_equal(opaque(pack(np.array(counts)), len(expected)), expected)


def test_a_long_gap_takes_the_time_of_its_bytes():
    """A gap of forty million pixels is 2,442 blocks; one after the other they took a thousand times as long as one."""
    near, far = pack(np.array([1000, 1])), pack(np.array([40_000_000, 1]))
    of_near = min(timeit.repeat(lambda: unpack(near, 1001), number=20, repeat=5))
    of_far = min(timeit.repeat(lambda: unpack(far, 40_000_001), number=20, repeat=5))
    assert of_far < 60 * of_near


def test_a_gap_of_equal_blocks_that_is_not_finished_is_an_error():
    packed = pack(np.array([2_000_000, 1]))
    for end in range(0, len(packed) - 1, 7):
        with pytest.raises(ValueError, match="too early"):
            unpack(packed[:end], 2_000_001)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(2, 16))
def test_values_that_are_not_packed_as_runs_come_back(alphas, width):
    """Other encoders write values one after the other where they change often."""
    values = [value for alpha in alphas for value in (9, 0, 7, alpha)]
    bits = f"{len(values):032b}" + f"{7:05b}" + 4 * f"{width - 1:04b}"
    for begin in range(0, len(values), 3):
        part = values[begin : begin + 3]
        bits += "0" + "00" + f"{len(part) - 1:0{width}b}" + "".join(f"{value:08b}" for value in part)
    bits += "0" * (-len(bits) % 8)
    packed = [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]
    assert opaque(packed, len(alphas)).tolist() == [alpha > 0 for alpha in alphas]


@pytest.mark.parametrize("end", range(len(GOLDEN_CAT) - 2))
def test_a_list_that_ends_early_is_an_error(end):
    with pytest.raises(ValueError, match="too early"):
        unpack(GOLDEN_CAT[:end], 30)


@pytest.mark.parametrize(
    ("packed", "says"),
    [(10**9, "a list"), ([0, 256], "from 0 to 255"), ("abc", "a list"), (GOLDEN_CAT, "30 instead of 31 pixels")],
)
def test_what_is_no_packed_mask_of_the_image_is_an_error(packed, says):
    with pytest.raises(ValueError, match=says):
        unpack(packed, 31)


def test_a_mask_that_the_format_cannot_count_is_refused():
    with pytest.raises(MaskFormatError, match="1,073,741,823"):
        pack(np.array([2**30]))
