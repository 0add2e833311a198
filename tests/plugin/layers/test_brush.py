import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.layers.brush import Brush


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((8, 8)), name="photo")
    for name in ("cat", "dog"):
        viewer.add_labels(np.zeros((8, 8), np.uint8), name=name)
    return viewer


def test_the_next_layer_is_painted_as_the_last_one_was(viewer):
    cat, dog = viewer.layers["cat"], viewer.layers["dog"]
    viewer.layers.selection.active = cat
    cat.mode, cat.brush_size, cat.contiguous, cat.preserve_labels = "paint", 23, False, True
    Brush.in_use(viewer.layers).take_to(viewer.layers, dog, 2)
    assert viewer.layers.selection.active is dog
    assert (dog.mode, dog.brush_size, dog.contiguous, dog.preserve_labels) == ("paint", 23, False, True)
    assert dog.selected_label == 2


def test_where_nothing_was_painted_the_layer_keeps_its_own_brush(viewer):
    dog = viewer.layers["dog"]
    viewer.layers.selection.active = viewer.layers["photo"]
    dog.mode, dog.brush_size, dog.selected_label = "erase", 7, 5
    Brush.in_use(viewer.layers).take_to(viewer.layers, dog, None)
    assert viewer.layers.selection.active is dog
    assert (dog.mode, dog.brush_size, dog.selected_label) == ("erase", 7, 5)
