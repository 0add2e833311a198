import pytest

from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.axes import AxisRoles, guess_roles


@pytest.mark.parametrize(
    ("shape", "rgb", "labels", "letters"),
    [
        ((64, 48), None, None, "YX"),
        ((64, 48, 3), None, None, "YXS"),
        ((64, 48, 4), None, None, "YXS"),
        ((64, 48, 3), False, None, "ZYX"),
        ((64, 48, 3), True, None, "YXS"),
        ((3, 64, 48), None, None, "CYX"),
        ((5, 64, 48), None, None, "ZYX"),
        ((7, 5, 64, 48), False, None, "TZYX"),
        ((7, 64, 48, 3), None, None, "ZYXS"),
        ((64, 48), None, ("row", "column"), "YX"),
        ((64, 48, 5), False, ("x", "y", "z"), "XYZ"),
        ((2, 64, 48), False, ("c", "y", "x"), "CYX"),
        ((64, 48, 3), None, ("y", "x", "channel"), "YXC"),
        ((5, 64, 48, 3), True, ("t", "y", "x"), "TYXS"),
        ((5, 64, 48), False, ("axis -3", "axis -2", "axis -1"), "ZYX"),
        ((3, 64, 48), False, ("axis -3", "axis -2", "axis -1"), "ZYX"),
        ((5, 6, 64, 48), False, ("z", "z", "y", "x"), "TZYX"),
        ((9, 5, 64, 48), False, ("position", "z", "y", "x"), "TZYX"),
    ],
)
def test_guesses(shape, rgb, labels, letters):
    assert guess_roles(shape, rgb, labels).letters == letters


@pytest.mark.parametrize(("shape", "rgb"), [((), None), ((5,), None), ((5, 3), True)])
def test_no_image(shape, rgb):
    with pytest.raises(ImageReadError, match="is not an image"):
        guess_roles(shape, rgb)


@pytest.mark.parametrize("letters", ["Y", "ZX", "YYX", "YXSC"])
def test_roles_that_cannot_be(letters):
    with pytest.raises(ImageReadError, match=letters):
        AxisRoles(letters)


def test_plane_axes():
    roles = AxisRoles("TYXZS")
    assert (roles.y, roles.x, roles.color, roles.planes, roles.rgb) == (1, 2, 4, (0, 3), True)
    assert roles.plane_shape((4, 10, 20, 6, 3)) == (4, 6)
