import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.layers.refined_copy import RefinedCopy
from napari_cliptrase.plugin.state.plane_source import plane_source_of

SHAPE = (12, 16)


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, *SHAPE), np.uint8), name="stack", scale=(1, 0.5, 0.5))
    viewer.add_labels(np.ones((2, *SHAPE), np.uint8), name="mine", opacity=0.3, scale=(1, 0.5, 0.5))
    viewer.add_labels(np.ones((2, *SHAPE), np.uint8), name="above", scale=(1, 0.5, 0.5))
    return viewer


def put(viewer):
    viewer.dims.set_point(0, 1)
    copy = RefinedCopy(viewer.layers)
    target = plane_source_of(viewer, viewer.layers["stack"], 0).target
    copy.put(viewer.layers["mine"], target, np.full(SHAPE, 2, np.uint8))
    return copy


def test_the_copy_has_the_new_labels_in_one_plane_and_the_old_ones_elsewhere(viewer):
    put(viewer)
    data = viewer.layers["mine (refined)"].data
    assert (data[1] == 2).all()
    assert (data[0] == 1).all()
    assert (viewer.layers["mine"].data == 1).all()


def test_it_takes_the_place_of_its_layer_on_the_screen(viewer):
    put(viewer)
    assert [layer.name for layer in viewer.layers] == ["stack", "mine", "mine (refined)", "above"]
    mine, refined = viewer.layers["mine"], viewer.layers["mine (refined)"]
    assert (mine.visible, refined.visible) == (False, True)
    assert refined.opacity == 0.3
    np.testing.assert_allclose(refined.scale, mine.scale)


def test_it_can_be_taken_away_once_and_by_hand_before(viewer):
    copy = put(viewer)
    assert copy.is_there
    copy.remove()
    assert "mine (refined)" not in viewer.layers
    assert not copy.is_there
    copy = put(viewer)
    viewer.layers.remove("mine (refined)")
    assert not copy.is_there
    copy.remove()
