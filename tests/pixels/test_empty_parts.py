"""Glass is empty, noise does not change that, a small thing does."""

import numpy as np

from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.pixels.empty_parts import is_empty
from napari_cliptrase.pixels.lazy_picture import open_picture

ALL = slice(0, 200), slice(0, 150)


def picture(array):
    return open_picture(array.astype(np.uint8), AxisRoles("YXS"))


def test_noisy_glass_is_empty_and_a_small_thing_on_it_is_seen():
    glass = np.random.default_rng(0).normal(235, 6, (200, 150, 3)).clip(0, 255)
    assert is_empty(picture(glass), *ALL)
    glass[100:112, 60:72] = 90
    assert not is_empty(picture(glass), *ALL)
    assert is_empty(picture(glass), slice(0, 90), slice(0, 150))


def test_a_part_of_a_few_pixels_can_be_looked_at():
    assert is_empty(picture(np.zeros((200, 150, 3))), slice(0, 1), slice(0, 3))
