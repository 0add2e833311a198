import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.state.geometry import geometry_of

PLACES = [
    {},
    {"scale": (2.0, 0.5), "translate": (7.0, -3.0), "rotate": 30, "units": ("um", "um"), "axis_labels": ("y", "x")},
    {"scale": (0.3, 0.5), "shear": [0.4], "affine": np.array([[0.8, -0.6, 3], [0.6, 0.8, -2], [0, 0, 1]])},
]


def labels_over(image, **axes):
    geometry = geometry_of(image, **axes)
    return Labels(np.zeros(geometry.shape, np.uint8), **geometry.place)


@pytest.mark.parametrize("place", PLACES)
def test_labels_lie_exactly_over_a_colour_image(place):
    image = Image(np.zeros((20, 30, 3), np.uint8), rgb=True, **place)
    labels = labels_over(image, rows=0, columns=1)
    assert labels.data.shape == (20, 30)
    for corner in ((0, 0), (19, 0), (3, 29)):
        assert np.allclose(labels.data_to_world(corner), image.data_to_world(corner))
    assert labels.units == image.units
    assert labels.axis_labels == image.axis_labels


def test_labels_lie_exactly_over_a_stack():
    affine = np.eye(5)
    affine[2:4, 2:4] = [[0, -1], [1, 0]]
    image = Image(np.zeros((2, 4, 20, 30)), scale=(3, 5, 0.2, 0.3), translate=(1, 2, 3, 4), affine=affine)
    labels = labels_over(image, rows=2, columns=3)
    assert labels.data.shape == (2, 4, 20, 30)
    for corner in ((0, 0, 0, 0), (1, 3, 19, 29)):
        assert np.allclose(labels.data_to_world(corner), image.data_to_world(corner))


def test_a_leading_channel_axis_is_left_out():
    image = Image(np.zeros((3, 20, 30)), scale=(1, 2, 0.5), translate=(0, 7, 9), units=("pixel", "um", "um"))
    labels = labels_over(image, rows=1, columns=2, channel=0)
    assert labels.data.shape == (20, 30)
    assert np.allclose(labels.data_to_world((4, 5)), image.data_to_world((0, 4, 5))[1:])
    assert [str(unit) for unit in labels.units] == ["micrometer", "micrometer"]


def test_an_inner_channel_axis_is_stretched_so_that_labels_show_on_every_channel():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 3, 20, 30)), scale=(5, 2, 1, 1), translate=(1, 6, 0, 0))
    labels = labels_over(image, rows=2, columns=3, channel=1)
    assert labels.data.shape == (4, 1, 20, 30)
    for channel in range(3):
        world = image.data_to_world((2, channel, 8, 9))
        assert np.round(labels.world_to_data(world)).astype(int).tolist() == [2, 0, 8, 9]


def test_labels_of_a_coarse_level_cover_the_same_ground():
    image = Image([np.zeros((40, 60)), np.zeros((20, 30))], multiscale=True, scale=(2.0, 3.0), translate=(1, 1))
    labels = labels_over(image, rows=0, columns=1, level=1)
    assert labels.data.shape == (20, 30)
    edges = labels.data_to_world((-0.5, -0.5)), labels.data_to_world((19.5, 29.5))
    assert np.allclose(edges, (image.data_to_world((-0.5, -0.5)), image.data_to_world((39.5, 59.5))))


def test_a_plane_can_be_read_and_addressed_with_any_order_of_axes():
    data = np.arange(2 * 5 * 7).reshape(2, 5, 7)
    image = Image(np.zeros(data.shape))
    geometry = geometry_of(image, rows=2, columns=0)
    plane = geometry.plane_of(data, (3,))
    assert plane.shape == geometry.plane_shape == (7, 2)
    where = plane % 3 == 1
    assert np.array_equal(data[geometry.indices((3,), where)], plane[where])


def test_the_same_axis_twice_is_refused_in_words():
    with pytest.raises(CliptraseError, match="one axis for rows"):
        geometry_of(Image(np.zeros((4, 5)), name="x"), rows=1, columns=1)
