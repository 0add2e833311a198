import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import notification_manager

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin import commands
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.workbench import workbench_of

TABLE = ClassTable.from_names("cat", "dog")


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, 10, 12, 3), np.uint8), rgb=True, name="film", axis_labels=("t", "y", "x"))
    workbench_of(viewer).session.image = viewer.layers[0]
    notification_manager.records.clear()
    return viewer


def write(viewer, plane, labels):
    viewer.dims.set_current_step(0, plane)
    workbench = workbench_of(viewer)
    session = workbench.session
    source = plane_source_of(viewer, session.image, session.version_of(session.image))
    workbench.layers.write(PlaneResult(source.target, labels, TABLE))


@pytest.fixture
def drawn(viewer):
    halves = np.ones((10, 12), np.uint8)
    halves[:, 6:] = 2
    write(viewer, 0, halves)
    write(viewer, 1, 3 - halves)
    return viewer


def class_layers(viewer):
    workbench = workbench_of(viewer)
    session = workbench.session
    return workbench.layers.class_layers(session.image)


def test_combine_then_split_gives_the_same_layers(drawn):
    before = {class_id: layer.data.copy() for class_id, layer in class_layers(drawn).items()}
    commands.run_combine(drawn)
    combined = workbench_of(drawn).layers.combined_layer(workbench_of(drawn).session.image)
    assert np.array_equal(combined.data, before[1] + before[2])
    for layer in class_layers(drawn).values():
        drawn.layers.remove(layer)
    drawn.layers.selection.active = combined
    commands.run_split(drawn)
    assert all(np.array_equal(layer.data, before[class_id]) for class_id, layer in class_layers(drawn).items())


def test_overlaps_are_counted_and_hand_edits_win(drawn):
    class_layers(drawn)[2].data_setitem((np.array([0]), np.array([3]), np.array([0])), 2)
    commands.run_combine(drawn)
    combined = workbench_of(drawn).layers.combined_layer(workbench_of(drawn).session.image)
    assert combined.data[0, 3, 0] == 2
    assert any("1 pixels" in record.message for record in notification_manager.records)


def test_a_split_is_undone_as_one_run(viewer):
    labels = np.tile(np.array([[1, 2, 3]], np.uint8), (2, 10, 4))
    viewer.layers.selection.active = viewer.add_labels(labels)
    commands.run_split(viewer)
    assert len(class_layers(viewer)) == 3
    commands.undo_last_run(viewer)
    assert not class_layers(viewer)
    assert len([layer for layer in viewer.layers if isinstance(layer, Labels)]) == 1


def test_a_layer_of_another_size_is_refused_in_words(viewer):
    viewer.layers.selection.active = viewer.add_labels(np.ones((3, 3), np.uint8), name="small")
    commands.run_split(viewer)
    assert "'small' has another size" in notification_manager.records[-1].message


def test_nothing_to_do_is_reported(viewer):
    commands.run_combine(viewer)
    assert "no class layers to combine" in notification_manager.records[-1].message
    commands.undo_last_run(viewer)
    assert "no run to undo" in notification_manager.records[-1].message
    viewer.layers.clear()
    commands.run_combine(viewer)
    assert "There is no image" in notification_manager.records[-1].message
