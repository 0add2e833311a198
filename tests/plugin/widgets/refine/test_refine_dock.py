import threading

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.models.catalog import find_entry
from napari_cliptrase.plugin.docks import RefineBoundaries
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.tags import provenance_at
from napari_cliptrase.plugin.widgets.refine.method_texts import FREE, NEVER
from napari_cliptrase.plugin.widgets.refine.refine_dock import NOTHING_YET
from napari_cliptrase.plugin.workbench import workbench_of
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.cost import PUBLISHED_SIZE, timing_key
from napari_cliptrase.refine.timings import Timings

SIZE = 64
PATIENCE = 60_000
"""Milliseconds; the first job of a process loads what torch needs beside a window."""
TRUTH = np.full((SIZE, SIZE), 1, np.uint8)
TRUTH[20:44, 20:44] = 2
COARSE = np.full((SIZE, SIZE), 1, np.uint8)
COARSE[16:40, 16:40] = 2


def picture():
    image = np.full((SIZE, SIZE, 3), (30, 90, 40), np.uint8)
    image[TRUTH == 2] = (220, 40, 60)
    return image


class Desk:
    """A viewer with a coarse segmentation of a red square, and the dock."""

    def __init__(self, qtbot, output=Output.CLASSES, segmented=True, **place):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(picture(), rgb=True, name="scene", **place)
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.session.image = self.image
        self.session.prompts = PromptSet.parse("field\nsquare")
        self.target = plane_source_of(self.viewer, self.image, self.session.version_of(self.image)).target
        if segmented:
            self.workbench.layers.write(
                PlaneResult(self.target, COARSE, self.session.prompts.table(), {"model": "fake"}), output=output
            )
        self.dock = RefineBoundaries(self.viewer)
        qtbot.addWidget(self.dock)
        self.dock.controls.strength.setCurrentText(FREE)
        self.dock.show()

    @property
    def layers(self):
        return self.workbench.layers.class_layers(self.image)

    def labels(self):
        return self.workbench.layers.combined(self.target)[0]

    def apply(self):
        self.dock.apply.click()
        self.settle()

    def settle(self):
        self.qtbot.waitUntil(
            lambda: not self.workbench.jobs.running("refine") and self.dock.apply.isEnabled(), timeout=60_000
        )

    def preview(self):
        return next((layer for layer in self.viewer.layers if layer.name == "Refined (preview)"), None)


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    yield desk
    desk.dock.hide()


def test_apply_moves_the_boundary_to_where_the_colour_changes(desk):
    before = np.mean(desk.labels() == TRUTH)
    desk.apply()
    assert np.mean(desk.labels() == TRUTH) > max(before, 0.98)
    assert "pixels changed" in desk.dock.message.text()


@pytest.mark.parametrize("output", [Output.COMBINED, Output.BOTH])
def test_combined_layers_are_refined_too(qtbot, output):
    desk = Desk(qtbot, output)
    desk.apply()
    np.testing.assert_array_equal(desk.workbench.layers.combined_layer(desk.image).data, desk.labels())
    assert np.mean(desk.labels() == TRUTH) > 0.98
    desk.dock.hide()


def test_hand_edits_stay(desk):
    rows, columns = np.nonzero(np.ones((5, 5), bool))
    desk.layers[2].data_setitem((rows, columns), 2)
    desk.layers[1].data_setitem((rows, columns), 0)
    desk.apply()
    assert (desk.labels()[:5, :5] == 2).all()


def test_locked_classes_stay(desk):
    desk.session.locked = frozenset({2})
    desk.apply()
    np.testing.assert_array_equal(desk.labels() == 2, COARSE == 2)


def test_only_chosen_classes_change(qtbot):
    desk = Desk(qtbot)
    desk.dock.controls.classes.set_chosen(1, False)
    desk.dock.controls.classes.set_chosen(2, False)
    desk.apply()
    np.testing.assert_array_equal(desk.labels(), COARSE)
    assert "Nothing to change" in desk.dock.message.text()
    desk.dock.hide()


def test_never_changes_nothing(desk):
    desk.dock.controls.strength.setCurrentText(NEVER)
    desk.apply()
    np.testing.assert_array_equal(desk.labels(), COARSE)


def test_a_band_keeps_what_is_far_from_a_boundary(desk):
    desk.dock.controls.strength.setCurrentIndex(0)
    desk.dock.controls.band.setValue(2)
    desk.apply()
    changed = desk.labels() != COARSE
    assert changed.any()
    assert not changed[:13].any()
    assert not changed[44:].any()


def test_undo_restores_all_layers(desk):
    before = {class_id: layer.data.copy() for class_id, layer in desk.layers.items()}
    assert not desk.dock.undo.isEnabled()
    desk.apply()
    desk.dock.undo.click()
    for class_id, layer in desk.layers.items():
        np.testing.assert_array_equal(layer.data, before[class_id])
    assert not desk.dock.undo.isEnabled()


def test_the_preview_shows_the_changes_and_writes_nothing(desk):
    desk.dock.preview.setChecked(True)
    desk.qtbot.waitUntil(lambda: desk.preview() is not None, timeout=60_000)
    np.testing.assert_array_equal(desk.labels(), COARSE)
    changed = desk.preview().data[..., 3] > 0
    assert "would change" in desk.dock.message.text()
    desk.apply()
    np.testing.assert_array_equal(desk.labels() != COARSE, changed)
    assert desk.preview() is None


def test_a_preview_follows_what_is_chosen(desk):
    desk.dock.preview.setChecked(True)
    desk.qtbot.waitUntil(lambda: desk.preview() is not None, timeout=60_000)
    desk.dock.controls.strength.setCurrentText(NEVER)
    desk.qtbot.waitUntil(lambda: desk.dock.message.text().startswith("0 pixels"), timeout=60_000)


def test_what_was_painted_after_the_preview_is_not_lost(desk):
    desk.dock.preview.setChecked(True)
    desk.qtbot.waitUntil(lambda: desk.preview() is not None, timeout=60_000)
    rows, columns = np.nonzero(np.ones((5, 5), bool))
    desk.layers[2].data_setitem((rows, columns), 2)
    desk.apply()
    assert (desk.labels()[:5, :5] == 2).all()


def test_a_preview_of_an_older_image_goes_and_is_never_written(desk):
    desk.dock.preview.setChecked(True)
    desk.qtbot.waitUntil(lambda: desk.preview() is not None, timeout=60_000)
    desk.settle()
    mine = desk.viewer.add_labels(COARSE.copy(), name="mine")
    controls = desk.dock.controls
    controls.what.setCurrentIndex(controls.what.findText("mine"))
    desk.qtbot.waitUntil(lambda: desk.preview() is not None, timeout=60_000)
    desk.settle()
    desk.image.data = np.zeros((SIZE, SIZE, 3), np.uint8)
    assert desk.preview() is None
    np.testing.assert_array_equal(mine.data, COARSE)


def test_a_preview_that_comes_after_its_image_changed_is_never_written(desk, monkeypatch):
    mine = desk.viewer.add_labels(COARSE.copy(), name="mine")
    controls = desk.dock.controls
    controls.what.setCurrentIndex(controls.what.findText("mine"))
    real, release, outcomes = desk.workbench.refine_runner.steps, threading.Event(), []

    def late(task):
        outcome = yield from real(task)
        if not outcomes:
            release.wait(PATIENCE / 1000)
        outcomes.append(outcome)
        return outcome

    monkeypatch.setattr(desk.workbench.refine_runner, "steps", late)
    desk.dock.preview.setChecked(True)
    desk.qtbot.waitUntil(lambda: bool(desk.workbench.jobs.running("refine")), timeout=PATIENCE)
    desk.image.data = np.zeros((SIZE, SIZE, 3), np.uint8)
    release.set()
    desk.qtbot.waitUntil(lambda: desk.preview() is not None, timeout=PATIENCE)
    desk.apply()
    desk.qtbot.waitUntil(lambda: "mine (refined)" in desk.viewer.layers or "Nothing" in desk.dock.message.text())
    if "mine (refined)" in desk.viewer.layers:
        assert not np.array_equal(desk.viewer.layers["mine (refined)"].data, outcomes[0].labels)
    np.testing.assert_array_equal(mine.data, COARSE)


def test_cancel_changes_nothing(desk, monkeypatch):
    def slow(task):
        while True:
            yield Progress(0, 1, "Working")

    monkeypatch.setattr(desk.workbench.refine_runner, "steps", slow)
    desk.dock.apply.click()
    assert desk.dock.cancel.isVisible()
    assert not desk.dock.apply.isEnabled()
    desk.dock.cancel.click()
    desk.settle()
    np.testing.assert_array_equal(desk.labels(), COARSE)
    assert "Cancelled" in desk.dock.message.text()


def test_a_dock_that_is_deleted_while_it_works_is_left_alone(desk, monkeypatch):
    from qtpy.QtCore import QEvent
    from qtpy.QtWidgets import QApplication

    def slow(task):
        while True:
            yield Progress(0, 1, "Working")

    dock = RefineBoundaries(desk.viewer)
    monkeypatch.setattr(desk.workbench.refine_runner, "steps", slow)
    dock.apply.click()
    jobs = desk.workbench.jobs.running("refine")
    dock.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    reports = []
    for job in jobs:
        job.progressed.connect(reports.append)
    desk.qtbot.waitUntil(lambda: len(reports) > 1, timeout=PATIENCE)  # what the dock would have shown
    desk.workbench.jobs.cancel("refine")
    desk.qtbot.waitUntil(lambda: not any(job.running for job in jobs), timeout=60_000)  # an error in a slot fails it
    assert dock is not None


def test_an_error_is_a_sentence_and_changes_nothing(desk, monkeypatch):
    def broken(task):
        raise CliptraseError("The weights are damaged.")
        yield

    monkeypatch.setattr(desk.workbench.refine_runner, "steps", broken)
    desk.apply()
    assert desk.dock.message.text() == "The weights are damaged."
    np.testing.assert_array_equal(desk.labels(), COARSE)


def test_a_result_for_an_image_that_changed_is_dropped(desk):
    desk.dock.apply.click()
    desk.image.data = np.zeros((SIZE, SIZE, 3), np.uint8)
    desk.settle()
    assert "changed" in desk.dock.message.text()
    assert all((layer.data == np.where(key == COARSE, key, 0)).all() for key, layer in desk.layers.items())


def test_anybodys_labels_are_refined_into_a_copy(qtbot):
    desk = Desk(qtbot, segmented=False, scale=(2, 0.5))
    mine = desk.viewer.add_labels(COARSE.copy(), name="mine", scale=(2, 0.5))
    assert desk.dock.controls.what.currentText() == "mine"
    desk.apply()
    copy = desk.viewer.layers["mine (refined)"]
    assert np.mean(copy.data == TRUTH) > 0.98
    np.testing.assert_array_equal(mine.data, COARSE)
    np.testing.assert_allclose(copy.scale, mine.scale)
    desk.dock.undo.click()
    assert copy not in desk.viewer.layers
    desk.dock.hide()


def test_labels_of_another_size_are_refused_in_words(qtbot):
    desk = Desk(qtbot, segmented=False)
    desk.viewer.add_labels(np.ones((5, 5), int), name="small")
    desk.dock.apply.click()
    assert "'small'" in desk.dock.message.text()
    desk.dock.hide()


def test_the_list_follows_layers(qtbot):
    desk = Desk(qtbot, segmented=False)
    assert not desk.dock.apply.isEnabled()
    layer = desk.viewer.add_labels(COARSE.copy(), name="mine")
    layer.name = "yours"
    assert desk.dock.controls.what.currentText() == "yours"
    desk.viewer.layers.remove(layer)
    assert desk.dock.controls.choice is None
    assert "Segment by text" in desk.dock.message.text()
    desk.dock.hide()


def test_a_sam_way_uses_the_chosen_model(desk, monkeypatch):
    asked = []

    def steps(task):
        asked.append((task.method, task.sam, task.options))
        raise CliptraseError("enough")
        yield

    monkeypatch.setattr(desk.workbench.refine_runner, "steps", steps)
    controls = desk.dock.controls
    controls.method_combo.setCurrentIndex(controls.method_combo.findData("sam-vote"))
    controls.sam.setCurrentIndex(controls.sam.findData("vit_b"))
    controls.setting.setCurrentIndex(1)
    desk.apply()
    assert asked == [("sam-vote", "vit_b", {"points": 16})]


def test_the_wait_and_the_memory_are_reported_before_a_model_is_loaded(desk, monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path))
    controls = desk.dock.controls
    controls.method_combo.setCurrentIndex(controls.method_combo.findData("sam-vote"))
    controls.sam.setCurrentIndex(controls.sam.findData("vit_b"))
    assert "measured in the first run" in desk.dock.message.text()
    assert "2.2 GB of memory" in desk.dock.message.text()
    sha256 = find_entry("vit_b", "sam").checkpoint.sha256
    Timings().remember(timing_key(sha256, PUBLISHED_SIZE, "cpu torch.float32"), 12.3)
    controls.band.setValue(5)
    assert "about 12 s" in desk.dock.message.text()


def test_no_wait_is_reported_for_an_image_that_is_encoded(desk, monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path))
    controls = desk.dock.controls
    controls.method_combo.setCurrentIndex(controls.method_combo.findData("sam-vote"))
    assert desk.dock.message.text()
    desk.apply()
    controls.band.setValue(5)
    assert desk.dock.message.text() == ""
    controls.sam.setCurrentIndex(controls.sam.findData("vit_b"))
    assert desk.dock.message.text()


def test_hiding_the_dock_takes_the_preview_away(desk):
    desk.dock.preview.setChecked(True)
    desk.qtbot.waitUntil(lambda: desk.preview() is not None, timeout=60_000)
    desk.dock.hide()
    assert desk.preview() is None


def test_the_dock_fits_a_narrow_window(desk):
    assert desk.dock.minimumSizeHint().width() <= 300


def test_the_image_may_be_gone(desk):
    assert desk.dock.apply.isEnabled()
    desk.viewer.layers.remove(desk.image)
    assert desk.dock.controls.what.count() == 0
    assert desk.dock.message.text() == NOTHING_YET
    assert not desk.dock.apply.isEnabled()
    assert not desk.dock.preview.isEnabled()


def test_provenance_says_how(desk):
    desk.apply()
    (first,) = provenance_at(desk.layers[2], ())["refine"]
    assert first["method"] == "superpixels"


def test_the_button_the_clicks_and_accept_draw_with_the_shipped_model(qtbot):
    desk = Desk(qtbot)
    desk.session.active_class = 2
    drawing, tool = desk.dock.drawing, desk.dock.sam_tool
    drawing.button.click()
    qtbot.waitUntil(lambda: tool.on and tool.idle, timeout=60_000)
    assert not drawing.bar.isVisibleTo(desk.dock)
    tool.click(30, 30)
    qtbot.waitUntil(lambda: tool.idle, timeout=60_000)
    drawing.accept.click()
    edited = desk.workbench.layers.edited(desk.target)
    assert edited.any()
    assert (desk.labels()[edited] == 2).all()
    qtbot.waitUntil(lambda: tool.idle, timeout=60_000)
    drawing.button.click()
    assert not tool.on
