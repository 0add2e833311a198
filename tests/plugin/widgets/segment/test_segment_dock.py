from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLineEdit

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Absent, Recovery, Vote
from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.plugin.docks import SegmentByText
from napari_cliptrase.plugin.state.plane_source import Planes
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.table_model import NOTE
from napari_cliptrase.plugin.widgets.sections import Section
from napari_cliptrase.plugin.workbench import workbench_of

TOY = f"local-dir:{Path(__file__).parents[3] / 'data' / 'golden' / 'toyclip'}"
PATIENCE = 120_000
NARROW = 420


class Desk:
    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.dock = SegmentByText(self.viewer)
        qtbot.addWidget(self.dock)

    def add_image(self, shape=(96, 128, 3), name="scene", **how):
        data = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
        return self.viewer.add_image(data, name=name, **how)

    def wait(self):
        self.qtbot.waitUntil(lambda: self.workbench.jobs.idle, timeout=PATIENCE)


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    yield desk
    desk.workbench.jobs.cancel()
    desk.wait()


def test_run_says_what_is_missing(desk):
    dock = desk.dock
    assert not dock.bar.run.isEnabled()
    assert "Open an image" in dock.bar.message.text()
    desk.add_image()
    assert "Add at least one class" in dock.bar.message.text()
    dock.classes.add_text("cat")
    assert dock.bar.run.isEnabled()
    assert not dock.bar.message.text()
    desk.viewer.layers.clear()
    assert not dock.bar.run.isEnabled()


def test_a_run_over_all_planes_is_one_undo(desk):
    image = desk.add_image(shape=(3, 96, 128, 3), name="film")
    desk.dock.classes.add_text("cat\ndog\nsky")
    desk.dock.model.choose(TOY)
    desk.dock.image.planes.value = Planes.ALL
    words = []
    desk.dock.run().progressed.connect(lambda progress: words.append(progress.text))
    desk.wait()
    assert any(text.startswith("plane 3 of 3: ") for text in words)
    layers = desk.workbench.layers.class_layers(image)
    assert np.all(np.any([layer.data != 0 for layer in layers.values()], axis=0))
    desk.dock.bar.undo.click()
    assert list(desk.viewer.layers) == [image]
    assert not desk.dock.bar.undo.isEnabled()


def test_a_run_from_the_dock_selects_the_layer_to_paint_on(desk):
    image = desk.add_image()
    desk.dock.classes.add_text("cat\ndog\nsky")
    desk.dock.model.choose(TOY)
    desk.dock.bar.run.click()
    assert desk.dock.bar.cancel.isVisibleTo(desk.dock)
    desk.wait()
    assert not desk.dock.bar.cancel.isVisibleTo(desk.dock)
    layers = desk.workbench.layers.class_layers(image)
    assert layers
    class_id = next(iter(layers))
    desk.session.active_class = class_id
    assert desk.viewer.layers.selection.active == layers[class_id]
    assert layers[class_id].selected_label == class_id
    assert desk.dock.model.unload.isVisibleTo(desk.dock)
    assert desk.dock.bar.undo.isEnabled()
    desk.dock.bar.undo.click()
    assert not desk.workbench.layers.class_layers(image)
    assert not desk.dock.bar.undo.isEnabled()


def test_a_run_whose_layers_are_gone_cannot_be_undone_but_the_one_before_can(desk):
    desk.add_image()
    desk.dock.classes.add_text("cat\ndog\nsky")
    desk.dock.model.choose(TOY)
    desk.dock.run()
    desk.wait()
    first = desk.workbench.layers.last_run
    second = desk.add_image(name="other")
    desk.session.image = second
    desk.dock.run()
    desk.wait()
    for layer in desk.workbench.layers.class_layers(second).values():
        desk.viewer.layers.remove(layer)
    assert desk.workbench.layers.last_run is first
    assert desk.dock.bar.undo.isEnabled()
    desk.viewer.layers.clear()
    assert not desk.dock.bar.undo.isEnabled()


def test_cancel_brings_run_back_and_writes_nothing(desk):
    image = desk.add_image()
    desk.dock.classes.add_text("cat")
    desk.dock.model.choose(TOY)
    desk.dock.run()
    desk.dock.bar.cancel.click()
    desk.wait()
    assert desk.dock.bar.run.isVisibleTo(desk.dock)
    assert not desk.workbench.layers.class_layers(image)


def test_deleting_everything_never_breaks_the_dock(desk):
    desk.add_image()
    desk.dock.classes.add_text("cat\ndog")
    desk.dock.model.choose(TOY)
    desk.dock.run()
    desk.wait()
    desk.viewer.layers.clear()
    desk.dock.classes.add_text("bird")
    desk.session.settings = Settings(vote=Vote.SOFT)
    desk.wait()
    desk.add_image()
    desk.dock.run()
    desk.wait()
    assert desk.session.segmented is not None


def test_settings_and_controls_agree_both_ways(desk):
    dock = desk.dock
    dock.scores.field("threshold").value = 0.4
    dock.scores.field("vote").value = Vote.OFF
    dock.advanced.field("recovery").value = Recovery.NACLIP
    dock.advanced.field("protect").value = 0.5
    dock.model.detail.chosen.emit(Detail.FINE)
    wanted = Settings(threshold=0.4, vote=Vote.OFF, recovery=Recovery.NACLIP, protect=0.5, detail=Detail.FINE)
    assert desk.session.settings == wanted
    assert not dock.advanced.field("protect").enabled  # without a vote there is nothing to keep from it
    dock.advanced.reset.click()
    assert desk.session.settings == Settings()
    assert dock.scores.field("threshold").value == 0
    assert dock.scores.field("vote").value is Vote.HARD
    assert (dock.advanced.field("protect").value, dock.advanced.field("protect").enabled) == (0.8, True)
    assert dock.model.detail.value is Detail.NORMAL


def test_absent_classes_are_dropped_live_and_the_table_says_why(desk):
    desk.add_image()
    desk.dock.classes.add_text("sky; sea")
    desk.dock.model.choose(TOY)
    desk.dock.run()
    desk.wait()
    encoded = desk.session.encoded
    desk.dock.advanced.field("absent").value = Absent.PURIFY
    desk.dock.advanced.field("absent_threshold").value = 0.5
    desk.qtbot.waitUntil(lambda: bool(desk.session.segmented.segmentation.absent), timeout=PATIENCE)
    desk.wait()
    assert desk.session.encoded is encoded
    assert not desk.session.segmented.segmentation.labels.any()
    cell = desk.dock.classes.model.index(0, Column.NAME)
    assert cell.data(NOTE).startswith("not in this image, 0.")
    assert "of 0.50" in cell.data(Qt.ItemDataRole.ToolTipRole)


def test_every_control_explains_itself(desk):
    controls = [
        widget
        for kind in (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit)
        for widget in desk.dock.findChildren(kind)
        if not isinstance(widget.parent(), (QComboBox, QAbstractSpinBox, QLineEdit))
        and not widget.metaObject().className().startswith("QTable")
    ]
    assert len(controls) > 20
    assert not [widget for widget in controls if not widget.toolTip()]


@pytest.mark.parametrize("opened", [False, True])
def test_the_dock_fits_its_width_without_scrolling_sideways(desk, opened):
    desk.add_image(name="an image with a name that is far too long for any narrow dock beside the canvas")
    desk.session.prompts = PromptSet.parse("\n".join(f"a rather long class name {i}" for i in range(30)))
    for section in desk.dock.findChildren(Section):
        section.is_open = opened
    desk.dock.resize(NARROW, 800)
    desk.dock.show()
    QApplication.processEvents()
    assert desk.dock.minimumSizeHint().width() <= NARROW
    inner = desk.dock.findChild(type(desk.dock.image)).parentWidget()
    assert inner.minimumSizeHint().width() <= NARROW
    for widget in (desk.dock.image, desk.dock.classes, desk.dock.model, desk.dock.output, desk.dock.bar):
        right = widget.mapTo(desk.dock, widget.rect().topRight()).x()
        assert right <= NARROW or not widget.isVisible()


def test_a_second_dock_shows_the_same_state(desk, qtbot):
    desk.add_image()
    desk.dock.classes.add_text("cat\ndog")
    second = SegmentByText(desk.viewer)
    qtbot.addWidget(second)
    assert second.classes.model.rowCount() == 3


def test_a_dock_that_is_opened_again_shows_what_the_session_has(desk, qtbot):
    dock = desk.dock
    dock.model.detail.chosen.emit(Detail.FINE)
    dock.model.choose(TOY)
    dock.model.device.setCurrentIndex(1)
    dock.model.device.activated.emit(1)
    dock.bar.live.setChecked(False)
    dock.close()
    again = SegmentByText(desk.viewer)
    qtbot.addWidget(again)
    assert desk.session.settings.detail is Detail.FINE
    assert again.model.choice() == dock.model.choice()
    assert (again.model.choice().name, again.model.choice().device) == (TOY, "cpu")
    assert not again.bar.live.isChecked()
    assert not desk.workbench.runner.live


def test_a_sentence_is_shown_when_the_area_is_empty(desk):
    desk.add_image()
    desk.dock.classes.add_text("cat")
    desk.dock.image.area.setCurrentIndex(2)
    notification_manager.records.clear()
    assert desk.dock.run() is None
    assert "No shape lies on" in notification_manager.records[-1].message


def test_a_live_score_leaves_the_layer_of_the_user_selected_and_a_run_does_not(desk):
    image = desk.add_image()
    desk.dock.classes.add_text("cat\ndog\nsky")
    desk.dock.model.choose(TOY)
    desk.dock.run()
    desk.wait()
    desk.session.active_class = next(iter(desk.workbench.layers.class_layers(image)))
    shapes = desk.viewer.add_shapes(name="mine")
    desk.dock.scores.field("threshold").value = 0.01
    desk.qtbot.waitUntil(lambda: desk.workbench.runner.idle, timeout=PATIENCE)
    desk.wait()
    assert desk.viewer.layers.selection.active == shapes
    desk.dock.run()
    desk.wait()
    assert desk.viewer.layers.selection.active != shapes


def test_the_combined_layer_has_the_label_of_the_active_class_in_its_brush(desk):
    image = desk.add_image()
    desk.dock.classes.add_text("cat\ndog\nsky")
    desk.dock.model.choose(TOY)
    desk.session.output = Output.COMBINED
    desk.session.active_class = 2
    desk.dock.run()
    desk.wait()
    combined = desk.workbench.layers.combined_layer(image)
    assert desk.viewer.layers.selection.active == combined
    assert combined.selected_label == 2
    desk.session.active_class = 3
    assert combined.selected_label == 3


def test_the_dock_says_when_another_run_is_needed(desk):
    dock, session = desk.dock, desk.session
    desk.add_image()
    dock.classes.add_text("cat\ndog\nsky")
    dock.model.choose(TOY)
    dock.run()
    desk.wait()
    assert not dock.bar.message.text()
    shown = session.segmented
    dock.output.output.chosen.emit(Output.BOTH)
    assert "Press Run" in dock.bar.message.text()
    dock.output.output.chosen.emit(Output.CLASSES)
    assert not dock.bar.message.text()
    dock.bar.live.setChecked(False)
    dock.scores.field("threshold").value = 0.01
    assert "Press Run" in dock.bar.message.text()
    dock.bar.live.setChecked(True)
    assert not dock.bar.message.text()
    desk.qtbot.waitUntil(lambda: desk.workbench.runner.idle, timeout=PATIENCE)
    desk.wait()
    assert session.segmented is not shown
    assert not dock.bar.message.text()


def test_doubt_comes_and_goes_with_its_box(desk):
    desk.add_image()
    desk.dock.classes.add_text("cat\ndog")
    desk.dock.model.choose(TOY)
    desk.dock.run()
    desk.wait()
    desk.dock.output.margin.setChecked(True)
    desk.wait()
    assert desk.viewer.layers["doubt · scene"].visible
    desk.dock.output.margin.setChecked(False)
    desk.wait()
    assert "doubt · scene" not in desk.viewer.layers
