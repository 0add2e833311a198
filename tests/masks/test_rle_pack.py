import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.masks.pixel_runs import row_runs
from napari_cliptrase.masks.rle_pack import pack, unpack

GOLDEN_CAT = [
    0, 0, 0, 120, 57, 27, 254, 27, 0, 183, 255, 108, 2, 63, 248, 192, 35, 255, 182, 1, 111, 255, 15, 128, 0,
]  # fmt: skip


def test_the_golden_vector(golden):
    cat = next(run for run in row_runs(golden.labels) if run.value == 1)
    assert pack(cat.counts()) == GOLDEN_CAT


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 1)))
def test_every_channel_of_every_pixel_comes_back(plane):
    for run in row_runs(plane):
        values = unpack(pack(run.counts())).reshape(*plane.shape, 4)
        assert (values == 255 * plane[..., None]).all()


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=5).filter(any))
def test_runs_longer_than_a_block_come_back(counts):
    values = unpack(pack(np.array(counts)))
    expected = np.repeat(np.arange(len(counts)) % 2 * 255, 4 * np.array(counts))
    assert np.array_equal(values, expected)


def test_a_list_that_ends_early_is_an_error():
    with pytest.raises(ValueError, match="too early"):
        unpack(GOLDEN_CAT[:-3])
