import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.layers.placement import camera_of
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.tools.place_view import LARGEST_ON_SCREEN, SMALLEST_ON_SCREEN, bring_into_view


def target_of(viewer, image):
    return plane_source_of(viewer, image, 0).target


@pytest.mark.parametrize("scale", [(1, 1), (0.5, 0.25)])
def test_the_place_is_in_the_middle_and_of_a_fair_size(scale):
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((200, 300, 3), np.uint8), rgb=True, scale=scale)
    camera = camera_of(viewer)
    for zoom in (0.001, 10_000):
        camera.zoom = zoom
        bring_into_view(viewer, target_of(viewer, image), (50, 120), (10, 20))
        assert tuple(camera.center[-2:]) == pytest.approx((50 * scale[0], 120 * scale[1]))
        on_screen = camera.zoom * max(10 * scale[0], 20 * scale[1])
        assert SMALLEST_ON_SCREEN - 1e-6 <= on_screen <= LARGEST_ON_SCREEN + 1e-6


def test_the_plane_of_the_place_comes_on_screen():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((5, 40, 50), np.uint8))
    viewer.dims.set_point(0, 3)
    target = target_of(viewer, image)
    viewer.dims.set_point(0, 0)
    bring_into_view(viewer, target, (10, 10), (4, 4))
    assert viewer.dims.point[0] == 3
