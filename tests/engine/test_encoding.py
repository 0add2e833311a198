"""What is known of an image: per window, and joined over all of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase import Segmenter, Settings, load_model

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
QUICK = Settings(resolution=96)


@pytest.fixture(scope="module")
def encode():
    model = load_model(f"local-dir:{GOLDEN / 'toyclip'}", device="cpu")
    picture = np.asarray(Image.open(GOLDEN / "images" / "photo_336.png").convert("RGB"))[:360:2, :440:2]
    return lambda settings: Segmenter(model, settings, text_caches=()).encode(picture)


@pytest.fixture(scope="module")
def whole(encode):
    return encode(QUICK)


@pytest.fixture(scope="module")
def windowed(encode):
    return encode(replace(QUICK, resolution=192, window=96))


def test_one_window_has_its_matrices_as_they_are(whole):
    count = whole.grid[0] * whole.grid[1]
    assert whole.features.shape[0] == count
    assert whole.correlation.shape == (1 + count, 1 + count)
    assert whole.affinity.shape == (count, count)
    assert whole.regions.shape == (count,)
    np.testing.assert_allclose(np.linalg.norm(whole.features, axis=1), 1, atol=1e-5)


def test_several_windows_have_them_one_by_one(windowed):
    assert len(windowed.windows) > 1
    for parts in (windowed.correlation, windowed.affinity, windowed.regions):
        assert len(parts) == len(windowed.windows)
    np.testing.assert_array_equal(windowed.correlation[1], windowed.windows[1].correlation)


@pytest.mark.parametrize("name", ["whole", "windowed"])
def test_the_region_map_covers_the_image_and_knows_each_region(name, request):
    encoding = request.getfixturevalue(name)
    found = encoding.region_map()
    assert found.shape == encoding.shape == (180, 220)
    regions = sum(int(window.regions.max(initial=-1)) + 1 for window in encoding.windows)
    assert regions > 1
    assert found.min() >= -1
    assert found.max() < regions


def test_regions_of_two_windows_are_never_one(windowed):
    joined = windowed.region_map()
    owners: dict[int, set[int]] = {}
    for number in range(len(windowed.plan)):
        owned, _ = windowed.plan.owned(number, windowed.shape)
        for region in np.unique(joined[owned.index]):
            if region >= 0:
                owners.setdefault(int(region), set()).add(number)
    assert len(owners) > 1
    assert all(len(windows) == 1 for windows in owners.values())


def test_weights_take_a_constant_to_itself_in_every_region(whole):
    weights = whole.region_weights()
    present = np.unique(whole.region_map())
    present = present[present >= 0]
    assert weights.shape == (weights.shape[0], whole.grid[0] * whole.grid[1])
    np.testing.assert_allclose(weights[present].sum(1), 1, atol=1e-5)


def test_memory_is_that_of_its_arrays(windowed):
    arrays = [windowed.features, windowed.cls, windowed.picture]
    for window in windowed.windows:
        arrays += [window.correlation, window.regions, window.cls, window.transition]
    assert windowed.nbytes == sum(array.nbytes for array in arrays)


def test_the_maps_are_computed_once(whole):
    assert whole.region_map() is whole.region_map()
    assert whole.region_weights() is whole.region_weights()
