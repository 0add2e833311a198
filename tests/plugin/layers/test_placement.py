import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_cliptrase.plugin.layers.placement import lifted, place_grid, place_over, position_in, world_of
from napari_cliptrase.plugin.state.geometry import geometry_of

TURN = np.array([[0.8, -0.6, 3.0], [0.6, 0.8, -2.0], [0, 0, 1]])
PLACES = [
    {},
    {"scale": (2.0, 0.5), "translate": (7.0, -3.0)},
    {"scale": (2.0, 0.5), "rotate": 30, "translate": (7.0, -3.0)},
    {"scale": (0.3, 0.5), "rotate": 30, "shear": [0.4], "affine": TURN},
]


@pytest.mark.parametrize("place", PLACES)
def test_a_part_lies_over_the_pixels_it_was_cut_from(place):
    image = Image(np.zeros((20, 30)), **place)
    geometry = geometry_of(image, rows=0, columns=1)
    part = Image(lifted(np.ones((4, 5)), geometry), **place_over(geometry, (), (6, 9)))
    for corner in ((0, 0), (3, 4)):
        world = part.data_to_world(corner)
        np.testing.assert_allclose(image.world_to_data(world), np.add(corner, (6, 9)), atol=1e-9)


@pytest.mark.parametrize("place", PLACES)
def test_a_grid_covers_its_box_edge_to_edge(place):
    image = Image(np.zeros((40, 60)), **place)
    geometry = geometry_of(image, rows=0, columns=1)
    grid = Image(np.zeros((4, 5)), **place_grid(geometry, (), slice(8, 32), slice(10, 60), (4, 5)))
    for cell, pixel in (((-0.5, -0.5), (7.5, 9.5)), ((3.5, 4.5), (31.5, 59.5))):
        np.testing.assert_allclose(image.world_to_data(grid.data_to_world(cell)), pixel, atol=1e-9)


def test_a_picture_over_a_plane_of_a_stack_is_at_that_plane():
    image = Image(np.zeros((5, 20, 30)), scale=(4, 1, 2))
    geometry = geometry_of(image, rows=1, columns=2)
    picture = lifted(np.ones((3, 2)), geometry)
    assert picture.shape == (1, 3, 2)
    layer = Labels(picture.astype(np.uint8), **place_over(geometry, (3,), (10, 11)))
    np.testing.assert_allclose(image.world_to_data(layer.data_to_world((0, 0, 0))), (3, 10, 11))


def test_columns_before_rows():
    image = Image(np.zeros((30, 20)))
    geometry = geometry_of(image, rows=1, columns=0)
    picture = np.arange(6).reshape(2, 3)
    layer = Image(lifted(picture, geometry), **place_over(geometry, (), (5, 7)))
    row, column = 1, 2
    world = image.data_to_world((7 + column, 5 + row))
    assert layer.data[tuple(np.rint(layer.world_to_data(world)).astype(int))] == picture[row, column]


def test_colours_stay_last():
    geometry = geometry_of(Image(np.zeros((5, 20, 30))), rows=1, columns=2)
    assert lifted(np.zeros((3, 2, 4)), geometry).shape == (1, 3, 2, 4)


@pytest.mark.parametrize("place", PLACES)
def test_a_world_position_is_found_in_the_label_data(place):
    image = Image(np.zeros((20, 30)), **place)
    geometry = geometry_of(image, rows=0, columns=1)
    np.testing.assert_allclose(position_in(geometry, image.data_to_world((6, 9))), (6, 9), atol=1e-9)
    np.testing.assert_allclose(position_in(geometry, (99, *image.data_to_world((6, 9)))), (6, 9), atol=1e-9)


@pytest.mark.parametrize("place", PLACES)
def test_a_pixel_is_found_in_the_world(place):
    image = Image(np.zeros((20, 30)), **place)
    geometry = geometry_of(image, rows=0, columns=1)
    np.testing.assert_allclose(world_of(geometry, (), (6, 9)), image.data_to_world((6, 9)), atol=1e-9)
