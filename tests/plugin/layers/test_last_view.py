import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.layers.last_view import LastView
from napari_cliptrase.plugin.layers.placement import camera_of

SHAPE = (40, 60)


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    viewer.add_image(np.zeros(SHAPE))
    return viewer


def test_an_image_of_the_same_size_is_seen_as_the_one_before(viewer):
    camera = camera_of(viewer)
    camera.zoom, camera.center = 4.5, (0, 7, 9)
    kept = LastView.of(viewer, SHAPE)
    viewer.reset_view()
    kept.restore_camera(viewer, (41, 60))
    assert camera.zoom != 4.5
    kept.restore_camera(viewer, SHAPE)
    assert (camera.zoom, tuple(camera.center)) == (4.5, (0, 7, 9))


def test_the_tool_is_kept_with_its_layer_gone(viewer):
    layer = viewer.add_labels(np.zeros(SHAPE, np.uint8))
    layer.mode, layer.brush_size = "paint", 23
    kept = LastView.of(viewer, SHAPE)
    viewer.layers.remove(layer)
    fresh = viewer.add_labels(np.zeros(SHAPE, np.uint8))
    kept.brush.take_to(viewer.layers, fresh, 1)
    assert (str(fresh.mode), fresh.brush_size) == ("paint", 23)
