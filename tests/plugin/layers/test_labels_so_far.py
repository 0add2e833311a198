import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers.labels_so_far import LabelsSoFar
from napari_cliptrase.plugin.state.plane_source import plane_source_of

TABLE = PromptSet.parse("cat\ndog").table()


@pytest.fixture
def viewer():
    found = ViewerModel()
    found.add_image(np.zeros((3, 3000, 2000), np.uint8), name="scan", scale=(2, 0.5, 0.25), rotate=(0, 0, 10))
    found.dims.set_current_step(0, 1)
    return found


def test_parts_are_shown_where_they_lie_on_their_plane(viewer):
    image = viewer.layers["scan"]
    labels = np.random.default_rng(0).integers(0, 3, (3000, 2000)).astype(np.uint8)
    shown = LabelsSoFar(plane_source_of(viewer, image, 0).target, TABLE)
    shown.show(viewer)
    assert list(viewer.layers) == [image]  # there is nothing yet
    for top in range(0, 3000, 224):
        for left in range(0, 2000, 224):
            part = slice(top, min(top + 224, 3000)), slice(left, min(left + 224, 2000))
            shown.add(*part, labels[part])
        shown.show(viewer)
    layer = viewer.layers["labels so far · scan"]
    assert viewer.layers.selection.active == image
    assert not layer.editable
    picture = np.asarray(layer.data)[0]
    assert max(picture.shape) <= 1024
    for y, x in ((0, 0), (500, 30), (picture.shape[0] - 1, picture.shape[1] - 1)):
        world = layer.data_to_world((0, y, x))
        plane, row, column = np.round(image.world_to_data(world)).astype(int)
        assert plane == 1
        assert picture[y, x] == labels[row, column]


def test_a_layer_that_was_removed_does_not_come_back_and_goes_at_the_end(viewer):
    target = plane_source_of(viewer, viewer.layers["scan"], 0).target
    shown = LabelsSoFar(target, TABLE)
    part = slice(0, 100), slice(0, 100), np.ones((100, 100), np.uint8)
    shown.add(*part)
    shown.show(viewer)
    assert len(viewer.layers) == 2
    del viewer.layers["labels so far · scan"]
    shown.add(*part)
    shown.show(viewer)
    assert len(viewer.layers) == 1
    other = LabelsSoFar(target, TABLE)
    other.add(*part)
    other.show(viewer)
    other.remove(viewer)
    other.remove(viewer)
    assert len(viewer.layers) == 1
