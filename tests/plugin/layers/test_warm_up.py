import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.colormaps import _accelerated_cmap as lookup

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.appearance import apply_classes, label_dtype
from napari_cliptrase.plugin.layers.warm_up import compiled_lookups, get_ready

numba = pytest.importorskip("numba")


@pytest.mark.parametrize("count", [2, 300])
def test_the_colours_of_a_first_layer_need_no_more_compiling(count):
    table = ClassTable.from_names(*(f"class {number}" for number in range(count)))
    get_ready(table)
    compiled = compiled_lookups()
    assert compiled
    layer = Labels(np.zeros((4, 4), label_dtype(table)))
    apply_classes(layer, table)
    ViewerModel().add_layer(layer)
    assert compiled_lookups() == compiled


def test_a_napari_that_looks_colours_up_otherwise_is_no_trouble(monkeypatch):
    monkeypatch.delattr(lookup, "_labels_raw_to_texture_direct_inner_loop")
    get_ready(ClassTable.from_names("cat"))
