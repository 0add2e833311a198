import gc
import weakref

import numpy as np
from napari.components import ViewerModel

from napari_cliptrase.plugin.layers import quick_removal
from napari_cliptrase.plugin.layers.quick_removal import remove_layers


def test_layers_leave_and_what_was_put_aside_is_garbage_again():
    viewer = ViewerModel()
    layers = [viewer.add_labels(np.zeros((4, 4), int), name=name) for name in "abc"]
    frozen = gc.get_freeze_count()
    remove_layers(viewer.layers, layers[:2])
    assert [layer.name for layer in viewer.layers] == ["c"]
    assert gc.get_freeze_count() <= frozen
    remove_layers(viewer.layers, layers)
    assert len(viewer.layers) == 0


def test_no_removal_looks_at_the_whole_program():
    """napari collects garbage for each layer that leaves: as long as most objects are put aside, that is quick."""
    viewer = ViewerModel()
    layers = [viewer.add_labels(np.zeros((4, 4), int)) for _ in range(4)]
    seen = []
    viewer.layers.events.removed.connect(lambda _: seen.append(len(gc.get_objects())))
    remove_layers(viewer.layers, layers)
    assert len(seen) == 4
    assert max(seen) < len(gc.get_objects()) / 10


class Knot:
    """Garbage that only a collection finds."""

    def __init__(self):
        self.itself = self


def test_what_is_left_of_the_layers_of_a_window_is_collected_when_all_are_gone(monkeypatch):
    viewer = ViewerModel()
    monkeypatch.setattr(quick_removal, "current_viewer", lambda: viewer)
    layers = [viewer.add_labels(np.zeros((4, 4), int)) for _ in range(2)]
    left = []
    viewer.layers.events.removed.connect(lambda _: left.append(weakref.ref(Knot())))
    remove_layers(viewer.layers, layers)
    assert [knot() for knot in left] == [None, None]


def test_layers_leave_in_one_batch():
    viewer = ViewerModel()
    layers = [viewer.add_labels(np.zeros((4, 4), int), name=name) for name in "abc"]
    batches = []
    viewer.layers.events.end_batch.connect(lambda _: batches.append(len(viewer.layers)))
    remove_layers(viewer.layers, layers[:2])
    remove_layers(viewer.layers, layers[:2])
    assert batches == [1]
