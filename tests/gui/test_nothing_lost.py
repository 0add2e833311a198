"""In the real window: what a person or a lock holds survives whatever comes after, and the table says what is there."""

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from superqt.utils import QSignalDebouncer

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin import commands
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.class_panel import AREA_DELAY

SIDE = 12


@pytest.fixture
def scene(window, picture):
    window.session.image = window.viewer.add_image(picture, rgb=True, name="scene")
    window.session.prompts = PromptSet.parse("sky\nmeadow\nsun")
    window.classes = window.segment().classes
    window.table = window.classes.model
    return window


def layers(scene):
    return scene.workbench.layers.class_layers(scene.session.image)


def largest(scene):
    return max(layers(scene), key=lambda class_id: np.count_nonzero(layers(scene)[class_id].data))


def score(scene, change):
    """Change prompts or settings, and wait for the live scores."""
    change()
    scene.wait(lambda: scene.workbench.runner.idle)


def add_class(scene, name):
    score(scene, lambda: setattr(scene.session, "prompts", scene.session.prompts.added(name)))


def edited(scene):
    return scene.workbench.layers.edited(scene.session.segmented.source.target)


def area(scene, class_id):
    """What the table shows, and what the layers hold."""
    QApplication.processEvents()
    model = scene.table
    shown = model.data(model.index(model.row_of(class_id), Column.AREA))
    layer = layers(scene).get(class_id)
    return shown, 0.0 if layer is None else 100 * np.count_nonzero(layer.data) / layer.data.size


def agrees(scene, class_id):
    shown, share = area(scene, class_id)
    return shown == ("none" if share == 0 else "100 %" if share >= 99.95 else f"{share:.1f} %")


def test_a_locked_class_survives_the_scores_that_take_the_place_of_those_that_made_it(scene):
    add_class(scene, "water")
    locked = largest(scene)
    scene.session.locked = frozenset({locked})
    before = layers(scene)[locked].data.copy()
    add_class(scene, "house")
    add_class(scene, "balloon")
    assert np.array_equal(layers(scene)[locked].data, before)


def test_a_stroke_that_changes_nothing_survives_new_classes(scene):
    class_id = largest(scene)
    layer = layers(scene)[class_id]
    row, column = np.argwhere(layer.data == class_id)[0]
    stroke = np.zeros(layer.data.shape, bool)
    stroke[row : row + SIDE, column : column + SIDE] = True
    stroke &= layer.data == class_id
    with layer.block_history():
        layer.brush_size = 1
        for pixel in np.argwhere(stroke):
            layer.paint(tuple(pixel), class_id)
    assert np.array_equal(edited(scene), stroke)
    for name in ("balloon", "house", "water"):
        add_class(scene, name)
        assert (scene.labels()[stroke] == class_id).all()


def test_what_was_cleared_stays_cleared_after_undo_and_another_run(scene):
    class_id = largest(scene)
    cleared = layers(scene)[class_id].data != 0
    scene.workbench.layers.assign(scene.session.segmented.source.target, cleared, 0)
    commands.undo_last_run(scene.viewer)
    assert class_id in layers(scene), "the erasure went with the layer"
    scene.segment()
    assert (scene.labels()[cleared] == 0).all()


def test_undo_in_a_hidden_layer_makes_no_hand_edits_and_the_table_follows(scene):
    class_id = largest(scene)
    strict = replace(scene.session.settings, threshold=0.95)
    score(scene, lambda: setattr(scene.session, "settings", strict))
    scene.workbench.visibility.set_solo(next(key for key in scene.session.prompts.ids if key != class_id))
    layer = layers(scene).get(class_id)
    assert layer is None or not layer.visible
    if layer is not None:
        layer.undo()
    assert not edited(scene).any()
    scene.wait(lambda: agrees(scene, class_id))


def test_the_table_forgets_the_area_of_a_layer_that_was_deleted(scene):
    class_id = largest(scene)
    scene.wait(lambda: agrees(scene, class_id))
    due = scene.classes.findChild(QSignalDebouncer, options=Qt.FindChildOption.FindDirectChildrenOnly)
    due.flush()  # no count is due any more: what comes now has the removal as its reason
    scene.viewer.layers.remove(layers(scene)[class_id])
    scene.qtbot.waitUntil(lambda: area(scene, class_id)[0] == "none", timeout=20 * AREA_DELAY)
