import numpy as np

from napari_cliptrase.demo.motion import paint_film
from napari_cliptrase.demo.words import IDS


def test_things_move_and_the_ground_stays():
    moved = 0
    for seed in range(6):
        film = paint_film(seed, frames=3, size=(96, 144))
        assert film.images.shape == (3, 96, 144, 3)
        assert film.labels.shape == film.instances.shape == (3, 96, 144)
        for name in ("cloud", "boat", "car", "ball", "balloon"):
            moved += not np.array_equal(film.labels[0] == IDS[name], film.labels[2] == IDS[name])
        still = (film.labels == film.labels[0]).all(0)
        assert still.mean() > 0.5
    assert moved >= 5


def test_an_element_keeps_its_number_and_class():
    film = paint_film(42, frames=4, size=(96, 144))
    for instance in np.unique(film.instances):
        assert len(np.unique(film.labels[film.instances == instance])) == 1
