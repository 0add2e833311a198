import numpy as np
import pytest

from napari_cliptrase.demo.panorama import TILE, Panorama
from napari_cliptrase.demo.words import NAMES


@pytest.fixture(scope="module")
def small() -> tuple[Panorama, np.ndarray]:
    panorama = Panorama(1, (700, 1100))
    return panorama, np.asarray(panorama)


@pytest.mark.parametrize(
    "key",
    [
        (slice(500, 530), slice(505, 520)),
        (slice(None, None, 7), slice(None, None, 11)),
        (slice(600, 90, -3), slice(40, 41), 1),
        (-1, -2),
        (3, ...),
        (slice(10, 12), [4, 9]),
        5,
        slice(690, 9000),
        (slice(5, 5), slice(None)),
    ],
)
def test_it_indexes_like_the_array_of_all_its_pixels(small, key):
    panorama, whole = small
    assert np.array_equal(panorama[key], whole[key])


def test_an_index_outside_is_an_error(small):
    with pytest.raises(IndexError):
        small[0][700]


def test_only_the_tiles_that_are_read_are_painted(monkeypatch):
    panorama = Panorama(0)
    painted = []
    monkeypatch.setattr(panorama, "tile", lambda y, x: painted.append((y, x)) or np.zeros((TILE, TILE, 3), np.uint8))
    assert panorama.shape == (4096, 4096, 3)
    panorama[500:530, 1030:1040]
    assert painted == [(0, 1024), (512, 1024)]


def test_a_scene_of_it_comes_with_labels(small):
    scene = small[0].scene(100, 200, 150, 250)
    assert np.array_equal(scene.image, small[1][100:250, 200:450])
    assert scene.labels.min() >= 1
    assert scene.labels.max() <= len(NAMES)
