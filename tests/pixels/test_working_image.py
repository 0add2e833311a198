import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from napari_cliptrase.pixels.working_image import plan_working_image

PICTURE = np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([14, 16, 32]), st.sampled_from([224, 336, 672]))
def test_the_working_image_keeps_the_aspect_and_stays_bounded(height, width, patch, resolution):
    frame = plan_working_image((height, width), patch, resolution, crop=False)
    assert frame.shape == (height, width)
    assert min(frame.grid) >= 1
    assert min(frame.size) <= resolution + patch / 2
    if height * 4 > width and width * 4 > height:
        assert abs(min(frame.size) - resolution) <= patch / 2
        assert frame.size[0] / frame.size[1] == pytest.approx(height / width, rel=2 * patch / resolution)


def test_a_strip_is_not_blown_up():
    assert max(plan_working_image((4, 3000), 16, 336, crop=False).size) <= 3008


@pytest.mark.parametrize(("patch", "size"), [(16, 336), (14, 336), (32, 320)])
def test_the_short_side_is_whole_patches(patch, size):
    assert min(plan_working_image((500, 700), patch, 336, crop=False).size) == size


def test_the_whole_picture_is_resized():
    frame = plan_working_image(PICTURE.shape[:2], 16, 64, crop=False)
    working = frame.resized(PICTURE)
    assert working.shape == (*frame.size, 3) == (64, 112, 3)
    assert np.abs(working.mean((0, 1)) - PICTURE.mean((0, 1))).max() < 2


def test_the_crop_is_the_central_square():
    frame = plan_working_image(PICTURE.shape[:2], 16, 32, crop=True)
    assert frame.shape == frame.size == (32, 32)
    resized = Image.fromarray(PICTURE).resize((53, 32), Image.Resampling.BICUBIC)
    assert (frame.resized(PICTURE) == np.asarray(resized)[:, 10:42]).all()


def test_a_picture_of_working_size_is_not_changed():
    picture = PICTURE[:48, :64]
    assert (plan_working_image((48, 64), 16, 48, crop=False).resized(picture) == picture).all()
