import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.layers.list_edits import selection_kept


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    for name in ("a", "b", "c"):
        viewer.add_labels(np.zeros((4, 4), np.uint8), name=name)
    viewer.layers.selection.active = viewer.layers["b"]
    return viewer


def test_a_layer_that_is_added_does_not_become_the_active_one_even_for_a_moment(viewer):
    seen = []
    viewer.layers.selection.events.active.connect(lambda event: seen.append(event.value))
    with selection_kept(viewer.layers):
        viewer.add_labels(np.zeros((4, 4), np.uint8), name="new")
    assert viewer.layers.selection.active is viewer.layers["b"]
    assert seen == []
    viewer.add_labels(np.zeros((4, 4), np.uint8), name="by the user")
    assert viewer.layers.selection.active is viewer.layers["by the user"]


def test_what_was_selected_and_has_gone_is_no_longer_selected(viewer):
    viewer.layers.selection = [viewer.layers["a"], viewer.layers["b"]]
    with selection_kept(viewer.layers):
        viewer.layers.remove("b")
    assert set(viewer.layers.selection) == {viewer.layers["a"]}
