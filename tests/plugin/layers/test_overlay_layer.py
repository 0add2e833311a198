import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.layers import Role, tag_of
from napari_cliptrase.plugin.layers.overlay_layer import OverlayLayer
from napari_cliptrase.plugin.layers.placement import place_over
from napari_cliptrase.plugin.state.geometry import Target, geometry_of


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def target(viewer):
    image = viewer.add_image(np.zeros((20, 30)), scale=(2, 0.5), rotate=30, name="scene")
    return Target(image.unique_id, "scene", 0, geometry_of(image, rows=0, columns=1), (), slice(0, 20), slice(0, 30))


def test_a_picture_does_not_take_the_selection(viewer, target):
    chosen = viewer.layers.selection.active
    OverlayLayer(viewer, "heat").show(target, np.eye(4), place_over(target.geometry, (), (0, 0)))
    assert viewer.layers.selection.active == chosen
    assert viewer.layers[-1].name == "heat"


def test_a_picture_is_marked_as_ours(viewer, target):
    layer = OverlayLayer(viewer, "heat").show(target, np.eye(4), place_over(target.geometry, (), (0, 0)))
    assert tag_of(layer).role is Role.PREVIEW


def test_the_same_layer_shows_the_next_picture_elsewhere(viewer, target):
    picture = OverlayLayer(viewer, "heat")
    first = picture.show(target, np.eye(4), place_over(target.geometry, (), (0, 0)))
    second = picture.show(target, np.full((2, 3), 5.0), place_over(target.geometry, (), (7, 8)))
    assert second == first
    assert second.data.shape == (2, 3)
    image = viewer.layers["scene"]
    np.testing.assert_allclose(image.world_to_data(second.data_to_world((0, 0))), (7, 8))
    np.testing.assert_allclose(image.world_to_data(second.data_to_world((1, 1))), (8, 9))


def test_colours_after_values(viewer, target):
    picture = OverlayLayer(viewer, "heat")
    picture.show(target, np.eye(4), place_over(target.geometry, (), (0, 0)))
    layer = picture.show(target, np.zeros((4, 4, 4), np.uint8), place_over(target.geometry, (), (0, 0)))
    assert layer.rgb
    assert len(viewer.layers) == 2


def test_a_picture_whose_layer_was_deleted_is_made_again(viewer, target):
    picture = OverlayLayer(viewer, "heat")
    viewer.layers.remove(picture.show(target, np.eye(4), place_over(target.geometry, (), (0, 0))))
    assert picture.layer is None
    picture.hide()
    picture.remove()
    assert picture.show(target, np.eye(4), place_over(target.geometry, (), (0, 0))) in viewer.layers
