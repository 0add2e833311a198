import numpy as np

from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.learn.spot_corrections import TaughtSpots, spot_correction
from napari_cliptrase.learn.spot_examples import SpotExamples
from napari_cliptrase.learn.spots import spot_textures


def lesson(name, textures, image="a"):
    count = len(textures)
    spots = SpotExamples(textures, np.zeros((count, 4), np.float32), np.arange(count))
    return Lesson(name, np.zeros((0, 4), np.float32), np.zeros(0, np.float32), image=image, spots=spots)


def two_textures():
    """Looks of a picture of two halves of equal mean light, one plain and one striped; and which is which."""
    noise = np.random.default_rng(0).integers(-8, 8, (64, 128, 1))
    picture = np.full((64, 128, 3), 128) + noise
    picture[:, 64:] += np.where(np.arange(64) // 2 % 2, 60, -60)[None, :, None]
    textures = spot_textures(picture.astype(np.uint8), (4, 8))
    return textures, np.tile(np.repeat([0, 1], 16), 16)


def both(*names):
    """Spots of both textures on classes of some names, and textures of all."""
    textures, owner = two_textures()
    return TaughtSpots.of(
        [lesson("plain", textures[owner == 0]), lesson("striped", textures[owner == 1])], names
    ), textures


def test_a_texture_that_patches_do_not_tell_apart_is_learned():
    textures, owner = two_textures()
    spots = TaughtSpots.of(
        [lesson("plain", textures[owner == 0][::5]), lesson("striped", textures[owner == 1][::5])], ["plain", "Striped"]
    )
    added = spot_correction(spots, np.zeros((len(spots.owner), 2), np.float32))(textures)
    assert (added.argmax(1) == owner).mean() > 0.95


def test_where_the_patches_are_right_and_sure_nothing_is_added():
    textures, owner = two_textures()
    spots = TaughtSpots.of(
        [lesson("plain", textures[owner == 0]), lesson("striped", textures[owner == 1])], ["plain", "striped"]
    )
    added = spot_correction(spots, 60 * np.eye(2, dtype=np.float32)[spots.owner])(textures)
    assert np.abs(added).max() < 1e-2


def test_a_spot_unlike_all_examples_gets_less():
    textures, owner = two_textures()
    spots = TaughtSpots.of(
        [lesson("plain", textures[owner == 0]), lesson("striped", textures[owner == 1])], ["plain", "striped"]
    )
    learned = spot_correction(spots, np.zeros((len(spots.owner), 2), np.float32))
    strange = np.random.default_rng(1).uniform(-5, 5, textures.shape).astype(np.float32)
    assert np.abs(learned(strange)).mean() < np.abs(learned(textures)).mean() / 2


def test_a_class_without_examples_gets_nothing():
    textures, owner = two_textures()
    spots = TaughtSpots.of(
        [lesson("plain", textures[owner == 0]), lesson("striped", textures[owner == 1])], ["cat", "plain", "striped"]
    )
    added = spot_correction(spots, np.zeros((len(spots.owner), 3), np.float32))(textures)
    assert not added[:, 0].any()
    assert added[:, 1:].any()


def test_classes_of_another_list_teach_nothing():
    textures, _ = two_textures()
    assert TaughtSpots.of([lesson("plain", textures)], ["cat"]) is None
