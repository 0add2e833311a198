import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.planes import AxisRoles, auto_limits, take_plane, to_rgb

RAMP = np.arange(60, dtype=np.float64).reshape(6, 10)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.uint16, np.int32, np.uint64, np.float16, np.float64])
@pytest.mark.parametrize(
    ("letters", "colors"),
    [("YX", 0), ("ZYX", 0), ("TZYX", 0)]
    + [(letters, colors) for letters in ("YXS", "ZYXS", "SYX") for colors in (1, 2, 3, 4)]
    + [(letters, colors) for letters in ("CYX", "TZCYX") for colors in (1, 2, 3, 4, 7)],
)
def test_every_kind_of_array_becomes_rgb(dtype, letters, colors):
    sizes = {"Y": 6, "X": 10, "Z": 2, "T": 3, "C": colors, "S": colors}
    array = (np.random.default_rng(0).random([sizes[letter] for letter in letters]) * 100).astype(dtype)
    rgb = to_rgb(array, AxisRoles(letters), (1,))
    assert rgb.shape == (6, 10, 3)
    assert rgb.dtype == np.uint8


@given(hnp.arrays(hnp.floating_dtypes(sizes=(32, 64)), (3, 4), elements=st.floats(width=32)))
def test_floats_of_any_kind_become_rgb_without_a_warning(array):
    with np.errstate(all="raise", under="ignore"):
        assert to_rgb(array, AxisRoles("YX")).shape == (3, 4, 3)


def test_eight_bit_colours_stay_as_they_are():
    rgb = np.random.default_rng(0).integers(0, 256, (6, 10, 3), np.uint8)
    assert (to_rgb(rgb, AxisRoles("YXS")) == rgb).all()


def test_eight_bit_gray_is_repeated():
    gray = np.random.default_rng(0).integers(0, 256, (6, 10), np.uint8)
    assert (to_rgb(gray, AxisRoles("YX")) == gray[:, :, None]).all()


def test_the_plane_asked_for_is_taken_whatever_the_order_of_axes():
    array = np.random.default_rng(0).integers(0, 256, (2, 3, 6, 10), np.uint8)  # T Z Y X
    wanted = array[1, 2]
    assert (to_rgb(array, AxisRoles("TZYX"), (1, 2))[:, :, 0] == wanted).all()
    assert (to_rgb(array.transpose(3, 1, 2, 0), AxisRoles("XZYT"), (2, 1))[:, :, 0] == wanted).all()


def test_only_the_plane_is_read():
    class Lazy:
        shape = (1000, 6, 10)

        def __getitem__(self, where):
            assert where[0] == 7
            return RAMP

    assert to_rgb(Lazy(), AxisRoles("ZYX"), (7,)).shape == (6, 10, 3)


def test_contrast_limits_become_black_and_white():
    rgb = to_rgb(RAMP, AxisRoles("YX"), contrast=(10, 50))
    assert (rgb[RAMP <= 10] == 0).all()
    assert (rgb[RAMP >= 50] == 255).all()
    assert rgb[3, 0].tolist() == [128, 128, 128]  # 30, the middle


def test_a_few_hot_pixels_do_not_darken_the_rest():
    image = np.random.default_rng(0).integers(100, 200, (100, 100)).astype(np.uint16)
    image[0, 0] = 65535
    rgb = to_rgb(image, AxisRoles("YX"))
    assert np.ptp(rgb[1:]) > 200


def test_nan_is_black_and_infinity_white():
    image = RAMP.copy()
    image[0, :3] = np.nan, np.inf, -np.inf
    assert to_rgb(image, AxisRoles("YX"))[0, :3, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("value", [0, 7, np.nan, -3.5])
def test_flat_images_do_not_fail(value):
    rgb = to_rgb(np.full((6, 10), value), AxisRoles("YX"))
    assert len(np.unique(rgb)) == 1


def test_colours_of_other_types_keep_their_balance():
    rgb = np.random.default_rng(0).integers(0, 256, (6, 10, 3), np.uint8)
    for other in (rgb / 255, rgb.astype(np.float32), rgb.astype(np.uint16), rgb.astype(np.uint16) * 257):
        assert np.abs(to_rgb(other, AxisRoles("YXS")).astype(int) - rgb).max() <= 1


def test_what_alpha_hides_is_black():
    rgba = np.full((1, 3, 4), 200, np.uint8)
    rgba[0, :, 3] = 0, 128, 255
    assert to_rgb(rgba, AxisRoles("YXS"))[0, :, 0].tolist() == [0, 100, 200]


def test_channels_get_colours_that_stay_apart():
    array = np.zeros((2, 1, 3), np.uint8)
    array[0, 0, 0] = array[1, 0, 1] = 255
    assert to_rgb(array, AxisRoles("CYX"))[0].tolist() == [[0, 255, 0], [255, 0, 255], [0, 0, 0]]


def test_each_channel_has_its_own_contrast():
    array = np.stack([RAMP, RAMP * 1000])
    rgb = to_rgb(array, AxisRoles("CYX"), contrast=[(0, 59), (0, 59000)])
    assert rgb[5, 9].tolist() == [255, 255, 255]
    assert (rgb[:, :, 0] == rgb[:, :, 1]).all()


@pytest.mark.parametrize(
    ("array", "letters", "sentence"),
    [
        (np.zeros((2, 3), complex), "YX", "complex128"),
        (np.array([["a", "b"]]), "YX", "are not an image"),
        (np.zeros((6, 10, 5)), "YXS", "5 colours"),
        (np.zeros((0, 10)), "YX", "holds no pixels"),
        (np.zeros((6, 10)), "ZYX", "does not have the axes 'ZYX'"),
    ],
)
def test_what_cannot_be_shown(array, letters, sentence):
    with pytest.raises(ImageReadError, match=sentence):
        to_rgb(array, AxisRoles(letters))


def test_a_plane_that_is_not_there():
    with pytest.raises(ImageReadError, match="no plane 5 along axis Z of 2"):
        take_plane(np.zeros((2, 6, 10)), AxisRoles("ZYX"), (5,))


def test_limits_ignore_what_is_not_a_number():
    assert auto_limits(np.array([np.nan, np.inf, 1.0, 3.0])) == pytest.approx((1, 3), abs=0.01)
    assert auto_limits(np.full(4, np.nan)) == (0, 1)
