import gc

import numpy as np
from napari.components import ViewerModel

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


def test_only_the_last_removal_looks_at_the_whole_program():
    """napari collects garbage for each layer that leaves: as long as most objects are put aside, that is quick."""
    viewer = ViewerModel()
    layers = [viewer.add_labels(np.zeros((4, 4), int)) for _ in range(4)]
    seen = []
    viewer.layers.events.removed.connect(lambda _: seen.append(len(gc.get_objects())))
    remove_layers(viewer.layers, layers)
    assert len(seen) == 4
    assert max(seen[:3]) < seen[3] / 10
