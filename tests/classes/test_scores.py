import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.classes.scores import ClassScores


def _scores(grid=(3, 4), shape=(30, 37), ids=(0, 2, 5), seed=0):
    maps = np.random.default_rng(seed).random((len(ids), *grid), np.float32)
    return ClassScores(ids, maps, shape)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 40), st.integers(1, 40))
def test_full_map_is_bilinear_interpolation_with_pixel_areas(h, w, rows, columns):
    scores = _scores((h, w), (rows, columns))
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(scores.of(5))[None, None], (rows, columns), mode="bilinear", align_corners=False
    )[0, 0].numpy()
    np.testing.assert_allclose(scores.full(5), expected, atol=1e-6)


def test_a_part_equals_the_same_part_of_the_whole():
    scores = _scores()
    rows, columns = slice(4, 19), slice(20, 37)
    np.testing.assert_array_equal(scores.full(2, rows, columns), scores.full(2)[rows, columns])


def test_unknown_class():
    with pytest.raises(KeyError):
        _scores().of(3)


def test_best_leaves_background_out():
    scores = _scores()
    np.testing.assert_array_equal(scores.best(), scores.maps[1:].max(0))
    np.testing.assert_array_equal(scores.best((2,)), scores.of(2))
    assert not scores.best(()).any()
