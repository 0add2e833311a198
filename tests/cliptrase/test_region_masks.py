import numpy as np
import pytest
import torch
from scipy.ndimage import median_filter
from torch.nn import functional as F

from napari_cliptrase.cliptrase.region_masks import region_map, region_means

GRID, SIZE = (6, 8), (60, 90)


def halves():
    """48 patches whose rows say left or right, a few of them noise."""
    column = np.arange(48) % 8
    regions = (column >= 4).astype(np.int64)
    rows = torch.from_numpy((regions[:, None] == regions).astype(np.float32))
    regions[[3, 20, 44]] = -1
    return rows, regions


def test_every_pixel_goes_to_the_region_that_is_highest_there():
    rows, regions = halves()
    found = region_map(rows, regions, GRID, SIZE)
    assert found.shape == SIZE
    assert found.dtype == np.int32
    assert (found[:, :42] == 0).all()
    assert (found[:, 48:] == 1).all()


def test_equals_the_published_steps_one_by_one():
    random = np.random.default_rng(0)
    rows = torch.from_numpy(random.random((48, 48)).astype(np.float32))
    regions = random.integers(-1, 4, 48)
    masks = np.stack([rows.numpy()[regions == number].mean(0) for number in range(4)]).reshape(4, *GRID)
    large = F.interpolate(torch.from_numpy(masks)[None], scale_factor=4, mode="bilinear")[0].numpy()
    smooth = np.stack([median_filter(mask, size=7) for mask in large])
    expected = F.interpolate(torch.from_numpy(smooth)[None], size=SIZE, mode="bilinear")[0].argmax(0).numpy()
    assert (region_map(rows, regions, GRID, SIZE) == expected).mean() > 0.999


def test_means_leave_noise_out():
    rows, regions = halves()
    means = region_means(rows, regions)
    np.testing.assert_allclose(means[0], rows.numpy()[regions == 0].mean(0), atol=1e-6)
    np.testing.assert_allclose(means[1], rows.numpy()[regions == 1].mean(0), atol=1e-6)


def test_no_region_at_all():
    rows, regions = halves()
    assert (region_map(rows, np.full_like(regions, -1), GRID, SIZE) == -1).all()


def test_where_no_mask_says_anything_the_first_region_takes_the_pixel():
    rows = torch.zeros(48, 48)
    regions = np.r_[np.zeros(24, np.int64), np.ones(24, np.int64)]
    assert (region_map(rows, regions, GRID, SIZE) == 0).all()


def test_a_part_of_the_map_is_made_without_the_rest():
    random = np.random.default_rng(1)
    rows = torch.from_numpy(random.random((48, 48)).astype(np.float32))
    regions = random.integers(-1, 4, 48)
    whole = region_map(rows, regions, GRID, SIZE)
    for pixels in ((slice(0, 60), slice(0, 90)), (slice(20, 33), slice(70, 90)), (slice(59, 60), slice(0, 1))):
        np.testing.assert_array_equal(region_map(rows, regions, GRID, SIZE, pixels), whole[pixels])
    nothing = region_map(rows, np.full(48, -1), GRID, SIZE, (slice(0, 3), slice(5, 9)))
    np.testing.assert_array_equal(nothing, np.full((3, 4), -1))


def test_a_part_that_one_region_covers_needs_no_smoothing():
    rows = torch.ones(48, 48)
    found = region_map(rows, np.zeros(48, np.int64), GRID, SIZE, (slice(10, 20), slice(0, 30)))
    np.testing.assert_array_equal(found, np.zeros((10, 30)))


@pytest.mark.parametrize("seed", range(20))
def test_smoothing_near_borders_alone_changes_nothing(seed):
    random = np.random.default_rng(seed)
    centres = random.random((4, 2)) * [21, 21]
    place = np.stack(np.meshgrid(np.arange(21), np.arange(21), indexing="ij"), -1).reshape(-1, 2)
    distance = ((place[:, None] - centres) ** 2).sum(2)
    regions = distance.argmin(1)
    masks = np.exp(-distance.T / 60).astype(np.float32) + random.random((4, 441)).astype(np.float32) * 0.05
    rows = torch.from_numpy(masks[regions])
    large = F.interpolate(torch.from_numpy(masks).view(1, 4, 21, 21), scale_factor=4, mode="bilinear")[0].numpy()
    smooth = np.stack([median_filter(mask, size=7) for mask in large])
    expected = F.interpolate(torch.from_numpy(smooth)[None], size=(336, 336), mode="bilinear")[0].argmax(0).numpy()
    assert (region_map(rows, regions, (21, 21), (336, 336)) == expected).mean() > 0.9999
    part = slice(56, 280), slice(56, 280)
    assert (region_map(rows, regions, (21, 21), (336, 336), part) == expected[part]).mean() > 0.9999
