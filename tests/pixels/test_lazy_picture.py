"""Pictures that are read part by part."""

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.pixels.lazy_picture import open_picture
from napari_cliptrase.pixels.planes import to_rgb

RNG = np.random.default_rng(5)


class Watched:
    """An array that knows the most values that were read at once."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.most = array, array.shape, array.dtype, 0

    def __getitem__(self, index):
        found = self.array[index]
        self.most = max(self.most, found.size)
        return found


@pytest.mark.parametrize(
    ("array", "roles", "index"),
    [
        (RNG.integers(0, 255, (40, 50, 3), dtype=np.uint8), "YXS", ()),
        (RNG.integers(0, 255, (4, 40, 50), dtype=np.uint8), "TYX", (2,)),
        (RNG.integers(0, 60_000, (2, 3, 40, 50), dtype=np.uint16), "TCYX", (1,)),
        (RNG.normal(size=(40, 50)).astype(np.float32), "YX", ()),
        (RNG.random((40, 50, 4)), "YXS", ()),
        (RNG.random((40, 50)) > 0.5, "YX", ()),
    ],
)
def test_a_box_is_a_part_of_the_plane(array, roles, index):
    picture = open_picture(array, AxisRoles(roles), index)
    whole = picture.read(slice(0, 40), slice(0, 50))
    assert picture.shape == (40, 50)
    np.testing.assert_array_equal(picture.read(slice(7, 20), slice(30, 50)), whole[7:20, 30:50])
    np.testing.assert_array_equal(whole, to_rgb(array, AxisRoles(roles), index))


def test_values_that_are_no_numbers_are_black_and_white():
    array = np.linspace(0, 9, 2000, dtype=np.float32).reshape(40, 50)
    array[0, 0], array[0, 1], array[0, 2] = np.nan, np.inf, -np.inf
    assert open_picture(array, AxisRoles("YX")).read(slice(0, 1), slice(0, 3))[0, :, 0].tolist() == [0, 255, 0]


def test_only_the_box_of_the_plane_is_read():
    array = Watched(RNG.integers(0, 9, (5, 600, 700), dtype=np.uint8))
    open_picture(array, AxisRoles("TYX"), (3,)).read(slice(10, 20), slice(30, 60))
    assert array.most == 10 * 30


def test_limits_of_a_large_plane_come_from_a_few_blocks():
    array = Watched(RNG.integers(0, 60_000, (4000, 3000), dtype=np.uint16))
    picture = open_picture(array, AxisRoles("YX"))
    assert array.most < array.array.size / 50
    assert picture.contrast == pytest.approx((60, 59_940), abs=60)


def test_a_window_at_its_own_size_is_read_as_it_is():
    array = RNG.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    found = open_picture(array, AxisRoles("YXS")).read_resized((16.0, 0.0, 48.0, 64.0), (32, 64))
    np.testing.assert_array_equal(found, array[16:48])


def test_a_reduced_window_is_what_reducing_the_plane_gives(monkeypatch):
    small = np.asarray(Image.fromarray(RNG.integers(0, 255, (30, 20, 3), dtype=np.uint8)).resize((400, 600)))
    picture = open_picture(small, AxisRoles("YXS"))
    reduced = np.asarray(Image.fromarray(small).resize((100, 150), Image.Resampling.BICUBIC)).astype(int)
    found = picture.read_resized((200.0, 100.0, 400.0, 300.0), (50, 50)).astype(int)
    assert np.abs(found - reduced[50:100, 25:75]).max() <= 1
    monkeypatch.setattr("napari_cliptrase.pixels.lazy_picture.PIXELS_IN_A_STRIP", 9000)  # many strips
    watched = Watched(small)
    strips = open_picture(watched, AxisRoles("YXS")).read_resized((0.0, 0.0, 600.0, 400.0), (150, 100)).astype(int)
    assert np.abs(strips - reduced).max() <= 1
    assert watched.most < small.size / 6
