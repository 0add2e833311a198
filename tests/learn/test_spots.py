import numpy as np
import pytest

from napari_cliptrase.learn.spots import SPOTS_ALONG, TEXTURE_SIZE, blended_features, spot_grid, spot_textures


def half_red(side):
    picture = np.full((side, side, 3), 60, np.uint8)
    picture[:, side // 2 :, 0] = 220
    return picture


@pytest.mark.parametrize("patch", [16, 14, 32])  # a patch need not be a multiple of its spots
def test_each_spot_has_the_colour_of_its_pixels(patch):
    textures = spot_textures(half_red(3 * patch), (3, 3))
    assert textures.shape == (9 * SPOTS_ALONG**2, TEXTURE_SIZE)
    red = textures[:, 0].reshape(spot_grid((3, 3)))
    np.testing.assert_allclose(red[:, 0], 60 / 255, atol=0.02)
    np.testing.assert_allclose(red[:, -1], 220 / 255, atol=0.02)


def test_stripes_are_seen_where_the_mean_colour_is_the_same():
    picture = np.full((48, 64, 3), 128, np.uint8)
    picture[:, 32:] = np.where(np.arange(32) // 2 % 2, 200, 56).astype(np.uint8)[None, :, None]
    gradient = spot_textures(picture, (3, 4))[:, 3].reshape(spot_grid((3, 4)))
    assert gradient[:, 10:].min() > 10 * gradient[:, :6].max()


def test_features_are_blended_between_the_middles_of_patches():
    features = np.asarray([[0.0], [1.0]], np.float32)
    across = blended_features(features, (1, 2), np.arange(2 * SPOTS_ALONG))[:, 0]
    assert across[0] == 0
    assert across[-1] == 1
    np.testing.assert_allclose(np.diff(across[2:6]), 0.25, atol=1e-6)
