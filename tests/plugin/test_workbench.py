"""What belongs to one viewer."""

import gc
import weakref

import numpy as np
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.session import session_of
from napari_cliptrase.plugin.workbench import workbench_of


def test_all_docks_of_a_viewer_share_one_workbench_also_through_proxies(qtbot):
    viewer = ViewerModel()
    assert workbench_of(PublicOnlyProxy(viewer)) is workbench_of(viewer)
    assert workbench_of(ViewerModel()) is not workbench_of(viewer)


def test_the_session_of_a_viewer_is_known_once_something_of_ours_was_used(qtbot):
    viewer = ViewerModel()
    assert session_of(viewer) is None
    workbench = workbench_of(PublicOnlyProxy(viewer))
    assert session_of(viewer) is session_of(PublicOnlyProxy(viewer)) is workbench.session


def opened_and_forgotten():
    """A viewer with its workbench; in a function of its own, since frames keep copies of their variables."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 4)))
    assert workbench_of(viewer).session.viewer is viewer
    return weakref.ref(viewer)


def test_a_workbench_goes_with_its_viewer(qtbot):
    gone = opened_and_forgotten()
    gc.collect()
    assert gone() is None


def test_who_hears_of_new_prompts_finds_the_layers_in_line_with_them(qtbot):
    viewer = ViewerModel()
    workbench = workbench_of(viewer)
    session = workbench.session
    session.image = image = viewer.add_image(np.zeros((4, 4)))
    session.prompts = PromptSet.parse("cat")
    target = plane_source_of(viewer, image, session.version_of(image)).target
    workbench.layers.write(PlaneResult(target, np.ones((4, 4), np.uint8), session.prompts.table()))
    names = []
    session.prompts_changed.connect(lambda _: names.append(workbench.layers.class_layers(image)[1].name))
    session.prompts = session.prompts.replaced(1, name="lynx")
    assert names == ["lynx · Image"]


def test_new_layers_of_a_hidden_class_are_hidden(qtbot):
    viewer = ViewerModel()
    workbench = workbench_of(viewer)
    session = workbench.session
    session.image = image = viewer.add_image(np.zeros((4, 4)))
    session.prompts = PromptSet.parse("cat")
    workbench.visibility.hide(1, True)
    target = plane_source_of(viewer, image, session.version_of(image)).target
    workbench.layers.write(PlaneResult(target, np.ones((4, 4), np.uint8), session.prompts.table()))
    assert not workbench.layers.class_layers(image)[1].visible
