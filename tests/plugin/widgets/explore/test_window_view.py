from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase import Segmenter, Settings, load_model
from napari_cliptrase.plugin.widgets.explore.window_view import attention_of, view_of, window_at

TOY = f"local-dir:{Path(__file__).parents[3] / 'data' / 'golden' / 'toyclip'}"


def test_each_pixel_belongs_to_the_window_whose_middle_is_nearest(make_encoding):
    encoding = make_encoding((40, 60), (4, 6), largest=3)
    assert [window_at(encoding, *pixel) for pixel in [(0, 0), (0, 59), (39, 0), (39.9, 59.9)]] == [0, 1, 2, 3]
    assert window_at(encoding, 19, 29) == 0
    assert window_at(encoding, 21, 31) == 3


def test_outside_the_picture_there_is_no_window(make_encoding):
    encoding = make_encoding((40, 60), (4, 6))
    assert [window_at(encoding, *pixel) for pixel in [(-1, 5), (40, 5), (5, -0.1), (5, 60)]] == [None] * 4


def test_a_window_comes_with_its_own_numbers_and_place(make_encoding):
    encoding = make_encoding((40, 60), (4, 6), largest=3)
    view = view_of(encoding, 3)
    window = encoding.windows[3]
    np.testing.assert_array_equal(view.correlation, window.correlation)
    np.testing.assert_array_equal(view.affinity, window.affinity)
    np.testing.assert_array_equal(view.regions, window.regions)
    assert view.grid == encoding.plan.size
    assert (view.rows.stop, view.columns.stop) == (40, 60)
    assert view.patch_at(39.9, 59.9) == (view.grid[0] - 1, view.grid[1] - 1)
    assert view.patch_at(0, 0) is None


@pytest.fixture(scope="module")
def toy():
    return load_model(TOY, device="cpu")


def test_the_attention_of_a_window_is_of_its_pixels_alone(toy):
    patch = toy.vision.patch
    settings = Settings(resolution=6 * patch, window=4 * patch)
    rgb = np.random.default_rng(3).integers(0, 255, (6 * patch, 9 * patch, 3), np.uint8)
    encoding = Segmenter(toy, settings).encode(rgb)
    assert len(encoding.windows) > 1
    last = len(encoding.windows) - 1
    patches = encoding.plan.size[0] * encoding.plan.size[1]
    layer = len(toy.vision.blocks) - 1
    attention = attention_of(toy, rgb, encoding, settings, last, layer)
    assert attention.shape == (toy.vision.blocks[layer].heads, 1 + patches, 1 + patches)
    np.testing.assert_allclose(attention.sum(2), 1, atol=1e-5)
    rows, columns = encoding.plan.windows[last].scaled(patch)
    other = np.zeros_like(rgb)
    other[rows, columns] = rgb[rows, columns]
    np.testing.assert_array_equal(attention_of(toy, other, encoding, settings, last, layer), attention)
    assert not np.array_equal(attention_of(toy, other, encoding, settings, 0, layer), attention)
    assert not np.array_equal(attention_of(toy, rgb, encoding, settings, last, 0), attention)
