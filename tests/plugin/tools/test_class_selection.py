import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.workbench import workbench_of


class Desk:
    """A viewer with an image and the layers of three classes, the first of which is active."""

    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(np.zeros((10, 12, 3), np.uint8), rgb=True, name="scene")
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.session.image = self.image
        self.session.prompts = PromptSet.parse("cat\ndog\ncow")
        self.selection = self.workbench.selection
        self.write(1 + np.arange(10)[:, None] % 3 * np.ones((1, 12), int))
        self.selection.show()
        self.settle()

    def write(self, labels):
        target = plane_source_of(self.viewer, self.image, self.session.version_of(self.image)).target
        self.workbench.layers.write(PlaneResult(target, labels.astype(np.uint8), self.session.prompts.table()))

    def layer(self, class_id):
        return self.workbench.layers.class_layers(self.image)[class_id]

    @property
    def active(self):
        return self.viewer.layers.selection.active

    def settle(self):
        self.qtbot.waitUntil(lambda: self.workbench.selection.idle)


@pytest.fixture
def desk(qtbot):
    return Desk(qtbot)


def test_the_layer_follows_the_class(desk):
    desk.session.active_class = 2
    assert desk.active is desk.layer(2)
    assert desk.layer(2).selected_label == 2
    desk.viewer.layers.selection.active = desk.image
    desk.session.choose_class(2)
    assert desk.active is desk.layer(2)


def test_the_class_follows_the_layer_that_is_selected_in_the_list(desk):
    reported = []
    desk.session.active_changed.connect(reported.append)
    desk.viewer.layers.selection.active = desk.layer(3)
    desk.settle()
    assert desk.session.active_class == 3
    assert reported == [3]
    desk.viewer.layers.selection = {desk.layer(1), desk.layer(2)}
    desk.settle()
    assert desk.session.active_class == 3


def test_the_class_stays_when_layers_come_and_go(desk):
    desk.session.active_class = 2
    for layer in list(desk.viewer.layers)[1:]:
        desk.viewer.layers.remove(layer)
        desk.settle()
        assert desk.session.active_class == 2
    desk.write(np.full((10, 12), 3))
    desk.settle()
    assert desk.session.active_class == 2


def test_writing_leaves_a_layer_of_the_users_own_selected(desk):
    shapes = desk.viewer.add_shapes(np.array([[0, 0], [0, 5], [5, 5]]), shape_type="polygon")
    shapes.mode = "add_polygon"
    desk.selection.show_after_writing()
    assert desk.active is shapes
    desk.viewer.layers.selection.active = desk.image
    desk.selection.show_after_writing()
    assert desk.active is desk.layer(1)
