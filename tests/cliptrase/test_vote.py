import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from napari_cliptrase.cliptrase import vote
from napari_cliptrase.cliptrase.vote import majority, paint, pooling


def scene(seed, low):
    """Labels of 4 classes and regions from ``low`` up."""
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 30, 2))
    return random.integers(0, 4, shape).astype(np.uint8), random.integers(low, 5, shape).astype(np.int32)


def by_loop(labels, regions):
    """The published vote, region by region; the smallest class among equals."""
    out = labels.copy()
    for region in range(regions.max() + 1):
        inside = regions == region
        if inside.any():
            classes, counts = np.unique(labels[inside], return_counts=True)
            out[inside] = classes[counts.argmax()]
    return out


@given(seed=st.integers(0, 2**32 - 1), low=st.sampled_from([-1, 0]))
@settings(max_examples=200, deadline=None)
def test_equals_the_loop_over_regions(seed, low):
    labels, regions = scene(seed, low)
    assert (paint(labels, regions, majority(labels, regions, 4)) == by_loop(labels, regions)).all()


def test_the_lowest_class_wins_a_tie():
    labels = np.array([[3, 1, 3, 1]], np.uint8)
    assert majority(labels, np.zeros((1, 4), np.int32), 4).tolist() == [1]


def test_without_regions_pixels_keep_their_class():
    labels, _ = scene(0, 0)
    nowhere = np.full(labels.shape, -1, np.int32)
    winners = majority(labels, nowhere, 4)
    assert len(winners) == 0
    assert (paint(labels, nowhere, winners) == labels).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_labels_keep_their_type(dtype):
    labels, regions = scene(3, -1)
    assert paint(labels.astype(dtype), regions, np.arange(5)).dtype == dtype


@given(seed=st.integers(0, 2**32 - 1), grid=st.tuples(st.integers(1, 5), st.integers(1, 5)))
@settings(max_examples=100, deadline=None)
def test_pooling_gives_the_mean_over_pixels(seed, grid):
    _, regions = scene(seed, -1)
    values = torch.randn(3, *grid, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    pixels = F.interpolate(values[None], size=regions.shape, mode="bilinear")[0].numpy()
    weights = pooling(regions, grid)
    for region, row in enumerate(weights):
        inside = regions == region
        expected = pixels[:, inside].mean(1) if inside.any() else np.zeros(3)
        np.testing.assert_allclose(values.flatten(1).numpy() @ row, expected, atol=1e-5)


def test_a_picture_without_a_region_has_nothing_to_pool():
    assert pooling(np.full((4, 5), -1, np.int32), (2, 3)).shape == (0, 6)


def test_a_large_image_is_counted_in_parts(monkeypatch):
    labels, regions = scene(5, -1)
    expected = majority(labels, regions, 4), pooling(regions, (3, 4))
    monkeypatch.setattr(vote, "PIXELS_AT_ONCE", 40)
    np.testing.assert_array_equal(majority(labels, regions, 4), expected[0])
    np.testing.assert_allclose(pooling(regions, (3, 4)), expected[1], atol=1e-6)
