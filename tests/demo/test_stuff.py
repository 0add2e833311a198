import numpy as np
import pytest

from napari_cliptrase.demo.canvas import Canvas
from napari_cliptrase.demo.stuff import TEXTURES, Stuff
from napari_cliptrase.demo.words import NAMES, THINGS


def test_every_stuff_has_a_texture():
    assert set(TEXTURES) == set(NAMES) - THINGS


@pytest.mark.parametrize("name", sorted(TEXTURES))
def test_stuff_fills_its_box_only_and_looks_the_same_tile_by_tile(name: str):
    stuff = Stuff(name, (20, 0, 80, 100), 11, 1.0, 0.4)
    whole, tile = Canvas.blank(0, 0, 100, 100), Canvas.blank(30, 40, 40, 50)
    stuff.paint(whole, 5, 2)
    stuff.paint(tile, 5, 2)
    assert not whole.labels[:18].any()
    assert not whole.labels[82:].any()
    assert (whole.labels[20:80] == 5).mean() > 0.2
    assert np.array_equal(whole.labels[30:70, 40:90], tile.labels)
    assert np.allclose(whole.image[30:70, 40:90], tile.image, atol=1e-3)
    assert whole.image[whole.labels == 5].std() > 0
