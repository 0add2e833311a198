"""A folder annotated in a real window, from opening to a restart."""

import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.plugin.run.folder_work import NewProject
from napari_cliptrase.plugin.workbench import workbench_of
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project


@pytest.fixture
def scenes(tmp_path):
    for number in range(3):
        Image.fromarray(paint_scene(number + 5, (168, 224)).image).save(tmp_path / f"scene{number}.png")
    return tmp_path


@pytest.mark.slow
def test_open_paint_go_on_restart(window, scenes, make_napari_viewer_proxy):
    work = window.workbench.folder
    state = work.state
    window.session.prompts = PromptSet.parse("sky\nsea\ngrass\nmountain")
    dock = window.dock("Annotate folder")
    dock.open(scenes, NewProject())
    window.wait(lambda: state.shown == "scene0.png")
    window.wait(lambda: window.session.segmented is not None and work.idle)
    assert state.record("scene0.png").state is State.PRE_ANNOTATED
    layer = window.viewer.layers.selection.active
    assert layer.name == "sky · scene0"
    layer.mode, layer.brush_size = "paint", 21
    with layer.block_history():
        layer.paint((150, 100), layer.selected_label)
    (canvas,) = (widget for widget in QApplication.allWidgets() if type(widget).__name__ == "CanvasBackendDesktop")
    window.qtbot.keyClick(canvas, Qt.Key.Key_D)
    window.wait(lambda: state.shown == "scene1.png" and work.idle)
    assert state.record("scene0.png").state is State.IN_PROGRESS
    assert window.viewer.layers.selection.active.mode == "paint"
    before = Project.open(scenes, write=False).read("scene0.png").labels
    assert before[150, 100] == 1
    window.viewer.close()
    window.wait(lambda: state.project is None)

    again = workbench_of(make_napari_viewer_proxy(show=True))
    again.folder.open(scenes)
    window.wait(lambda: again.folder.state.shown == "scene1.png")
    assert not again.folder.state.project.read_only
    again.folder.go("scene0.png")
    window.wait(lambda: again.folder.state.shown == "scene0.png" and again.folder.idle)
    assert again.layers.class_layers(again.folder.visits.image)[1].data[150, 100] == 1
    again.folder.stop()


def test_a_project_that_is_dropped_on_napari_opens_in_the_dock(window, scenes):
    with Project.create(scenes, PromptSet.parse("sky")):
        pass
    window.workbench.folder.state.pre_annotating = False
    assert window.viewer.open(str(scenes), plugin="napari-cliptrase") == []
    window.wait(lambda: window.workbench.folder.state.shown == "scene0.png" and window.workbench.folder.idle)
    assert "Annotate folder (napari-cliptrase)" in window.viewer.window.dock_widgets
    window.workbench.folder.stop()
