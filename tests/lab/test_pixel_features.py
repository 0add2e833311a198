import numpy as np

from napari_cliptrase.lab.pixel_features import Waves, pixel_features, pixel_weights


def two_textures():
    """A picture of two halves of equal mean light: one plain, one striped; and which is which."""
    picture = np.full((48, 64, 3), 128, np.uint8)
    picture[:, 32:] = np.where(np.arange(32) // 2 % 2, 200, 56).astype(np.uint8)[None, :, None]
    owner = np.zeros((48, 64), np.intp)
    owner[:, 32:] = 1
    return picture, owner.ravel()


def test_a_texture_that_patches_do_not_tell_apart_is_learned_from_its_pixels():
    picture, owner = two_textures()
    features = pixel_features(picture)
    assert features.shape == (48 * 64, 18)
    shown = np.random.default_rng(0).choice(len(owner), 300, replace=False)
    waves, base = Waves.of(features[shown]), np.zeros((len(owner), 2), np.float32)
    learned = pixel_weights(waves(features[shown]), owner[shown], base[shown])
    assert ((waves(features) @ learned).argmax(1) == owner).mean() > 0.95


def test_where_patches_are_right_and_sure_pixels_change_nothing():
    picture, owner = two_textures()
    base = 30 * np.eye(2, dtype=np.float32)[owner]
    features = pixel_features(picture)
    waves = Waves.of(features)
    assert np.abs(pixel_weights(waves(features), owner, base)).max() < 1e-3
