import numpy as np
import pytest
from napari.layers import Image, Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_cliptrase.classes.colors import class_color
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.appearance import apply_classes, colormap_of, features_of, table_of
from napari_cliptrase.plugin.state.tags import TAGS_KEY, Role, Tag, set_tag, tag_of

TABLE = ClassTable.from_names("cat", "dog")


def test_a_label_without_a_class_is_seen():
    layer = Labels(np.array([[0, 9]], np.uint8))
    apply_classes(layer, TABLE)
    assert layer.get_color(9)[3] == 1
    assert layer.get_color(0) is None or layer.get_color(0)[3] == 0


def test_the_class_table_is_read_back_from_what_napari_keeps():
    layer = Labels(np.zeros((3, 3), np.uint8), features=features_of(TABLE), colormap=colormap_of(TABLE))
    found = table_of(layer)
    assert [(entry.id, entry.name, entry.color) for entry in found] == [
        (1, "cat", class_color(1)),
        (2, "dog", class_color(2)),
    ]


def test_a_damaged_tag_falls_back_to_the_features():
    layer = Labels(np.zeros((3, 3), np.uint8), features=features_of(TABLE), metadata={TAGS_KEY: {"classes": "{"}})
    assert table_of(layer).ids == (1, 2)


def test_a_layer_that_is_not_ours_has_no_table():
    assert table_of(Labels(np.zeros((3, 3), np.uint8))) is None


def test_a_tag_belongs_to_one_layer_only():
    layer = Image(np.zeros((3, 3)), metadata={"kept": 1})
    tag = Tag(Role.SCORE, "id", "scene", str(layer.unique_id), class_id=2)
    set_tag(layer, tag)
    assert tag_of(layer) == tag
    assert layer.metadata["kept"] == 1
    assert tag_of(Image(np.zeros((3, 3)), metadata=dict(layer.metadata))) is None


def test_metadata_of_others_is_no_tag():
    assert tag_of(Image(np.zeros((3, 3)), metadata={TAGS_KEY: "something"})) is None
    layer = Image(np.zeros((3, 3)))
    layer.metadata = {TAGS_KEY: {"layer": str(layer.unique_id), "role": "unheard of"}}
    assert tag_of(layer) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_are_those_of_napari_and_nothing_is_compiled_for_them(dtype):
    table = ClassTable.from_names("cat", "dog", "cow")
    colormap = colormap_of(table, hidden=frozenset({2}))
    labels = np.array([[0, 1, 2], [3, 4, 200]], dtype)
    napari_s = DirectLabelColormap(color_dict=dict(colormap.color_dict))
    numba_events = pytest.importorskip("numba.core.event", reason="napari compiles only with numba")
    with numba_events.install_recorder("numba:compile") as compiled:
        found = colormap.map(labels)
    assert not compiled.buffer
    assert np.array_equal(found, napari_s.map(labels))
    colormap.selection = napari_s.selection = 3
    colormap.use_selection = napari_s.use_selection = True
    assert np.array_equal(colormap.map(labels), napari_s.map(labels))
