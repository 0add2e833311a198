import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.notifications import notification_manager

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layer_forms import SourceLayers, combine_form, combine_layers, split_form, split_layer
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.workbench import workbench_of


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((10, 12, 3), np.uint8), rgb=True, name="photo")
    bench = workbench_of(viewer)
    bench.session.image = image
    halves = np.ones((10, 12), np.uint8)
    halves[:, 6:] = 2
    target = plane_source_of(viewer, image, bench.session.version_of(image)).target
    bench.layers.write(PlaneResult(target, halves, ClassTable.from_names("cat", "dog")))
    notification_manager.records.clear()
    return viewer


def class_layers(viewer):
    return workbench_of(viewer).layers.class_layers(viewer.layers["photo"])


def combined(viewer):
    return workbench_of(viewer).layers.combined_layer(viewer.layers["photo"])


@pytest.mark.parametrize("sources", SourceLayers)
def test_class_layers_are_combined_and_hidden_when_wanted(viewer, sources):
    combine_layers(viewer, viewer.layers["photo"], sources)
    assert np.unique(combined(viewer).data).tolist() == [1, 2]
    shown = [layer.visible for layer in class_layers(viewer).values()]
    assert shown == [sources is SourceLayers.SHOWN] * 2


def test_a_layer_is_split_into_classes(viewer):
    labels = viewer.add_labels(np.full((10, 12), 7, np.uint8), name="by hand")
    split_layer(viewer, labels, viewer.layers["photo"])
    assert (class_layers(viewer)[7].data == 7).all()
    assert not labels.visible


def test_what_cannot_be_done_is_reported_and_hides_nothing(viewer):
    small = viewer.add_labels(np.ones((3, 3), np.uint8), name="small")
    split_layer(viewer, small, viewer.layers["photo"])
    assert "'small' has another size" in notification_manager.records[-1].message
    assert small.visible


def test_the_forms_ask_for_an_image_and_for_labels(qtbot):
    combine_widget, split_widget = combine_form(), split_form()
    assert combine_widget.image.annotation is Image
    assert split_widget.source.annotation is Labels
    assert combine_widget.class_layers.value is SourceLayers.HIDDEN
    assert (combine_widget.call_button.text, split_widget.call_button.text) == ("Combine", "Split")
