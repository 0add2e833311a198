import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.plugin.io.mask_sources import (
    MaskSource,
    axes_letters,
    mask_of,
    sources_in,
    stem_for,
    unplaced,
)
from napari_cliptrase.plugin.layers.appearance import apply_classes
from napari_cliptrase.plugin.state.tags import Role, Tag, set_tag

TABLE = ClassTable.from_names("cat", "dog")


def class_layer(image, class_id, where, role=Role.CLASS):
    data = np.zeros(image.data.shape, np.uint8)
    data[where] = class_id
    layer = Labels(data, name=f"{TABLE.get(class_id).name} · {image.name}", scale=image.scale)
    tag = Tag(role, str(image.unique_id), image.name, str(layer.unique_id), class_id, classes=TABLE.to_json())
    set_tag(layer, tag)
    apply_classes(layer, TABLE)
    return layer


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((6, 8)), name="scene.png", scale=(2, 3))
    viewer.add_layer(class_layer(image, 1, np.s_[:4]))
    viewer.add_layer(class_layer(image, 2, np.s_[3:]))
    return viewer


def test_class_layers_of_an_image_are_one_mask_and_the_upper_layer_wins(viewer):
    (source,) = sources_in(viewer.layers)
    mask = mask_of(source)
    assert mask.labels[:, 0].tolist() == [1, 1, 1, 2, 2, 2]
    assert mask.overlapped == 8
    assert [entry.name for entry in mask.classes] == ["cat", "dog"]


def test_layer_order_decides(viewer):
    viewer.layers.move(2, 1)
    (source,) = sources_in(viewer.layers)
    assert mask_of(source).labels[:, 0].tolist() == [1, 1, 1, 1, 2, 2]


def test_a_hidden_layer_is_exported_like_a_visible_one(viewer):
    before = mask_of(sources_in(viewer.layers)[0]).labels
    viewer.layers[1].visible = False
    np.testing.assert_array_equal(mask_of(sources_in(viewer.layers)[0]).labels, before)


def test_a_choice_of_layers(viewer):
    (source,) = sources_in(viewer.layers)
    assert mask_of(source.only([viewer.layers[2]])).labels[:, 0].tolist() == [0, 0, 0, 2, 2, 2]
    assert source.only([]) is None


def test_class_layers_stay_one_mask_when_the_image_is_gone(viewer):
    viewer.layers.remove(viewer.layers[0])
    (source,) = sources_in(viewer.layers)
    assert source.title == "scene.png"
    assert source.image is None


def test_anybodys_labels_keep_the_colours_of_the_screen():
    viewer = ViewerModel()
    layer = viewer.add_labels(np.array([[0, 3], [7, 3]]), name="cells")
    (source,) = sources_in(viewer.layers)
    mask = mask_of(source)
    assert mask.classes.ids == (3, 7)
    np.testing.assert_allclose(mask.classes.get(3).color, np.array(layer.get_color(3)[:3]) * 255, atol=1)


def test_pixel_size_and_units_go_with_the_mask():
    viewer = ViewerModel()
    viewer.add_labels(np.zeros((2, 3, 4), int), scale=(5, 0.5, 0.25), translate=(1, 2, 3), units=["um", "um", "um"])
    mask = mask_of(sources_in(viewer.layers)[0])
    assert mask.axes == "ZYX"
    assert mask.scale == (5, 0.5, 0.25)
    assert mask.origin == (1, 2, 3)
    assert mask.units == ("micrometer",) * 3


def test_rows_and_columns_come_last(viewer):
    data = np.arange(24).reshape(2, 3, 4)
    source = MaskSource("stack", (Labels(data),))
    assert mask_of(source, axes_of=lambda _: (0, 2)).labels.shape == (3, 2, 4)


@pytest.mark.parametrize(
    ("labels", "letters"),
    [
        (["axis -2", "axis -1"], "YX"),
        (["axis -3", "axis -2", "axis -1"], "ZYX"),
        (["t", "y", "x"], "TYX"),
        (["axis -4", "axis -3", "axis -2", "axis -1"], "TZYX"),
        (["z", "axis -3", "y", "x"], "TZYX"),
    ],
)
def test_axes(labels, letters):
    assert axes_letters(labels) == letters


def test_file_names(viewer):
    (source,) = sources_in(viewer.layers)
    assert stem_for(source, "{image}") == "scene"
    assert stem_for(source, "{image}_{layer}") == "scene_classes"
    assert stem_for(source.only([viewer.layers[1]]), "{layer}") == "cat · scene"
    assert "/" not in stem_for(MaskSource("a/b:c", source.layers), "{image}")


def test_a_pattern_that_means_nothing_is_refused(viewer):
    (source,) = sources_in(viewer.layers)
    with pytest.raises(MaskFormatError, match=r"\{imge\}"):
        stem_for(source, "{imge}")
    with pytest.raises(MaskFormatError, match="empty"):
        stem_for(source, " ")


def test_a_rotation_is_reported_to_be_missing(viewer):
    (source,) = sources_in(viewer.layers)
    assert unplaced(source) == ()
    viewer.layers[2].rotate = 30
    assert "rotation" in unplaced(source)[0]
