"""Labels on disk as a layer: over their image, in the colours of their classes, once."""

import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.layers import Labels

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers.labels_on_disk import show_labels_on_disk
from napari_cliptrase.plugin.state.plane_source import plane_source_of

TABLE = PromptSet.parse("cat\ndog").table()


@pytest.fixture
def viewer():
    found = ViewerModel()
    found.add_image(np.zeros((40, 60, 3), np.uint8), rgb=True, name="scan", scale=(0.5, 0.25), translate=(7, 3))
    return found


@pytest.fixture
def target(viewer):
    return plane_source_of(viewer, viewer.layers["scan"], 0).target


def labels_in(folder):
    return zarr.create_array(folder, shape=(40, 60), chunks=(20, 20), dtype="uint8")


def test_labels_lie_over_their_image_and_name_their_classes(viewer, target, tmp_path):
    layer = show_labels_on_disk(viewer, target, labels_in(tmp_path / "a.zarr"), TABLE)
    assert layer in viewer.layers
    np.testing.assert_allclose(layer.data_to_world((5, 9)), viewer.layers["scan"].data_to_world((5, 9)))
    assert list(layer.features["class"]) == ["background", "cat", "dog"]
    layer.paint((2, 2), 1)
    assert zarr.open_array(tmp_path / "a.zarr")[2, 2] == 1


def test_the_layer_of_an_earlier_part_goes_and_other_labels_stay(viewer, target, tmp_path):
    mine = viewer.add_labels(np.zeros((40, 60), np.uint8), name="mine")
    first = show_labels_on_disk(viewer, target, labels_in(tmp_path / "a.zarr"), TABLE)
    other = show_labels_on_disk(viewer, target, labels_in(tmp_path / "b.zarr"), TABLE)
    again = show_labels_on_disk(viewer, target, zarr.open_array(tmp_path / "a.zarr"), TABLE)
    assert first not in viewer.layers
    assert [layer for layer in viewer.layers if isinstance(layer, Labels)] == [mine, other, again]
