from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Absent
from napari_cliptrase.engine.absent import Absence
from napari_cliptrase.engine.result import ClassSummary
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Segmented
from napari_cliptrase.plugin.widgets.classes import class_panel as panel_module
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.class_panel import ClassPanel
from napari_cliptrase.plugin.widgets.classes.replace_question import ReplaceChoice
from napari_cliptrase.plugin.widgets.classes.table_model import NOTE
from napari_cliptrase.plugin.workbench import workbench_of

CHECK = Qt.ItemDataRole.CheckStateRole
EDIT = Qt.ItemDataRole.EditRole
SHOW = Qt.ItemDataRole.DisplayRole


class Desk:
    """A class panel over a viewer with an image."""

    def __init__(self, qtbot):
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(np.zeros((10, 10, 3), np.uint8), rgb=True, name="scene")
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.session.image = self.image
        self.panel = ClassPanel(self.session, self.workbench.layers, self.workbench.visibility)
        qtbot.addWidget(self.panel)
        self.panel.resize(380, 500)
        self.panel.show()
        self.model, self.table = self.panel.model, self.panel.table

    def cell(self, row, column, role=SHOW):
        return self.model.data(self.model.index(row, column), role)

    def names(self):
        return [entry.name for entry in self.session.prompts]

    def result(self, labels, summary=()):
        source = plane_source_of(self.viewer, self.image, self.session.version_of(self.image))
        self.workbench.layers.write(PlaneResult(source.target, labels, self.session.prompts.table()))
        self.session.segmented = Segmented(source, SimpleNamespace(notes=("To be noted.",)), summary)

    def click(self, qtbot, row, column):
        index = self.table.model().index(row, column)
        qtbot.mouseClick(self.table.viewport(), Qt.MouseButton.LeftButton, pos=self.table.visualRect(index).center())


@pytest.fixture
def desk(qtbot):
    return Desk(qtbot)


def test_enter_adds_a_class_and_leaves_the_line_ready_for_the_next(desk, qtbot):
    qtbot.keyClicks(desk.panel.add, "dog: puppy, hound")
    qtbot.keyClick(desk.panel.add, Qt.Key.Key_Return)
    qtbot.keyClicks(desk.panel.add, "cat")
    qtbot.keyClick(desk.panel.add, Qt.Key.Key_Return)
    assert desk.names() == ["dog", "cat"]
    assert desk.panel.add.text() == ""
    assert desk.cell(0, Column.NAME, NOTE) == "puppy, hound"
    assert desk.session.active_class == 2


def test_pasted_lines_are_classes(desk, qtbot):
    QApplication.clipboard().setText("sky\nsea: water\n")
    qtbot.keyClick(desk.panel.add, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert desk.names() == ["sky", "sea"]


@pytest.mark.parametrize(("selected", "names"), [(False, ["bird", "sky", "sea"]), (True, ["sky", "sea"])])
def test_pasted_lines_come_after_what_was_typed_unless_they_replace_it(desk, qtbot, selected, names):
    qtbot.keyClicks(desk.panel.add, "bird")
    if selected:
        desk.panel.add.selectAll()
    QApplication.clipboard().setText("sky\nsea\n")
    qtbot.keyClick(desk.panel.add, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert desk.names() == names
    assert desk.panel.add.text() == ""


def test_a_mistake_is_reported_below_the_line_and_nothing_is_lost(desk, qtbot):
    qtbot.keyClicks(desk.panel.add, "dog [threshold=9]")
    qtbot.keyClick(desk.panel.add, Qt.Key.Key_Return)
    assert "threshold" in desk.panel.note.text()
    assert desk.panel.add.text() == "dog [threshold=9]"
    assert desk.names() == []


def test_an_edit_that_is_refused_is_reported_below_the_line(desk):
    desk.session.prompts = PromptSet.parse("cat\ndog")
    assert not desk.model.setData(desk.model.index(1, Column.NAME), "cat", EDIT)
    assert "twice" in desk.panel.note.text()


def test_eye_solo_and_lock_are_one_click_each(desk, qtbot):
    desk.session.prompts = PromptSet.parse("cat\ndog")
    desk.result(np.repeat([[1, 2]], 10, 0).repeat(5, 1).astype(np.uint8))
    layers = desk.workbench.layers.class_layers(desk.image)
    desk.click(qtbot, 0, Column.VISIBLE)
    assert (layers[1].visible, layers[2].visible) == (False, True)
    desk.click(qtbot, 0, Column.SOLO)
    assert (layers[1].visible, layers[2].visible) == (True, False)
    desk.click(qtbot, 0, Column.SOLO)
    assert (layers[1].visible, layers[2].visible) == (False, True)
    desk.click(qtbot, 1, Column.LOCKED)
    assert desk.session.locked == {2}


def test_the_eye_follows_the_layer_list(desk):
    desk.session.prompts = PromptSet.parse("cat")
    desk.result(np.ones((10, 10), np.uint8))
    desk.workbench.layers.class_layers(desk.image)[1].visible = False
    assert Qt.CheckState(desk.cell(0, Column.VISIBLE, CHECK)) == Qt.CheckState.Unchecked


def test_a_hidden_class_of_the_combined_layer_is_clear(desk):
    from napari_cliptrase.plugin.state.run_choices import Output

    desk.session.prompts = PromptSet.parse("cat\ndog")
    source = plane_source_of(desk.viewer, desk.image, 0)
    table = desk.session.prompts.table()
    desk.workbench.layers.write(PlaneResult(source.target, np.ones((10, 10), np.uint8), table), output=Output.COMBINED)
    desk.workbench.visibility.hide(1, True)
    layer = desk.workbench.layers.combined_layer(desk.image)
    assert layer.get_color(1)[3] == 0
    desk.session.prompts = desk.session.prompts.renamed(2, "wolf")
    assert layer.get_color(1)[3] == 0


def test_a_new_colour_reaches_the_layer(desk):
    desk.session.prompts = PromptSet.parse("cat")
    desk.result(np.ones((10, 10), np.uint8))
    desk.model.setData(desk.model.index(0, Column.COLOR), QColor("#0000ff"), Qt.ItemDataRole.BackgroundRole)
    assert desk.session.prompts.get(1).color == "#0000ff"
    assert np.allclose(desk.workbench.layers.class_layers(desk.image)[1].get_color(1)[:3], (0, 0, 1))


def test_delete_removes_the_selected_classes_and_their_layers(desk, qtbot):
    desk.session.prompts = PromptSet.parse("cat\ndog")
    desk.result(np.repeat([[1, 2]], 10, 0).repeat(5, 1).astype(np.uint8))
    desk.workbench.layers.class_layers(desk.image)[2].data_setitem((np.array([0]), np.array([0])), 2)
    desk.table.selectAll()
    qtbot.keyClick(desk.table, Qt.Key.Key_Delete)
    assert desk.names() == []
    assert list(desk.workbench.layers.class_layers(desk.image)) == [2]
    assert "hand edits" in desk.panel.note.text()


def test_a_class_that_comes_back_has_its_kept_layer_again(desk):
    desk.session.prompts = PromptSet.parse("cat\ndog")
    labels = np.repeat([[1, 2]], 10, 0).repeat(5, 1).astype(np.uint8)
    desk.result(labels)
    kept = desk.workbench.layers.class_layers(desk.image)[2]
    kept.data_setitem((np.array([0]), np.array([0])), 2)
    desk.panel.delete([2])
    desk.panel.add_text("bird")
    desk.panel.add_text("dog")
    assert [(entry.name, entry.id) for entry in desk.session.prompts] == [("cat", 1), ("bird", 3), ("dog", 2)]
    desk.result(labels)
    assert desk.workbench.layers.class_layers(desk.image)[2] is kept
    assert [layer.name for layer in desk.viewer.layers if layer.name.startswith("dog")] == [kept.name]


def test_the_filter_looks_at_synonyms_and_keeps_the_background(desk):
    desk.session.prompts = PromptSet.parse("cat\ndog: hound\nbird")
    desk.panel.filter.setText("HOU")
    shown = [desk.table.model().index(row, Column.NAME).data() for row in range(desk.table.model().rowCount())]
    assert shown == ["dog", "background"]


def test_areas_and_scores_are_shown_and_empty_classes_explained(desk):
    desk.session.prompts = PromptSet.parse("cat\ndog")
    labels = np.zeros((10, 10), np.uint8)
    labels[:, :4] = 1
    summary = (ClassSummary(1, "cat", 40, 0.4, 0.61, 0.9), ClassSummary(2, "dog", 0, 0.0, None, 0.12))
    desk.result(labels, summary)
    assert [desk.cell(0, Column.AREA), desk.cell(0, Column.SCORE)] == ["40.0 %", "0.61"]
    assert desk.cell(1, Column.AREA) == "none"
    assert "dog (best 0.12)" in desk.panel.advice.text()
    assert "To be noted." in desk.panel.advice.text()


def test_long_notes_scroll_and_leave_room_for_the_rest(desk, qtbot):
    desk.session.prompts = PromptSet.parse("\n".join(f"class number {i}" for i in range(41)))
    summary = tuple(ClassSummary(i, f"class number {i}", 0, 0.0, None, 0.1) for i in range(1, 42))
    desk.result(np.zeros((10, 10), np.uint8), summary)
    desk.session.segmented.segmentation.notes = ("A sentence of some length that goes on for a while. " * 9,) * 3
    desk.panel.count()
    desk.panel.add_text(", ".join(f"class number {i}" for i in range(41)))
    line = desk.panel.fontMetrics().lineSpacing()
    qtbot.waitUntil(lambda: desk.panel.advice.verticalScrollBar().isVisible(), timeout=30_000)
    qtbot.waitUntil(lambda: desk.panel.advice.height() <= 8 * line, timeout=30_000)
    qtbot.waitUntil(lambda: desk.panel.note.height() <= 4 * line, timeout=30_000)
    assert desk.panel.advice.text().count("of some length") == 27
    desk.panel.advice.show_text("This takes two lines in a dock of this width, if nobody has made the font smaller.")
    qtbot.waitUntil(lambda: desk.panel.advice.height() <= 3 * line, timeout=30_000)
    qtbot.waitUntil(lambda: not desk.panel.advice.verticalScrollBar().isVisible(), timeout=30_000)


def test_areas_follow_the_brush(desk, qtbot):
    desk.session.prompts = PromptSet.parse("cat")
    desk.result(np.ones((10, 10), np.uint8), (ClassSummary(1, "cat", 100, 1.0, 0.6, 0.9),))
    layer = desk.workbench.layers.class_layers(desk.image)[1]
    layer.data_setitem((np.arange(10), np.zeros(10, int)), 0)
    qtbot.waitUntil(lambda: desk.cell(0, Column.AREA) == "90.0 %", timeout=30_000)


def test_lists_are_saved_and_loaded_and_layers_keep_their_class(desk, tmp_path, monkeypatch):
    desk.session.prompts = PromptSet.parse("cat: kitten\ndog\nbackground: wall")
    desk.result(np.ones((10, 10), np.uint8))
    desk.panel.save(str(tmp_path / "classes.txt"))
    desk.panel.use(PromptSet.parse("dog\nbird"))
    assert desk.session.prompts.ids == (2, 3)
    assert not desk.workbench.layers.class_layers(desk.image)
    monkeypatch.setattr(panel_module, "ask_how_to_replace", lambda *_: ReplaceChoice.REPLACE)
    desk.panel.load(str(tmp_path / "classes.txt"))
    assert desk.session.prompts.get(2).name == "dog"
    assert desk.session.prompts.background == ("wall",)
    desk.panel.load(str(tmp_path / "none.txt"))
    assert "none.txt cannot be read" in desk.panel.note.text()


@pytest.mark.parametrize(
    ("way", "names"),
    [
        (ReplaceChoice.REPLACE, ["dog", "bird"]),
        (ReplaceChoice.ADD, ["cat", "dog", "bird"]),
        (ReplaceChoice.NOTHING, ["cat", "dog"]),
    ],
)
def test_a_list_asks_before_it_takes_the_place_of_classes(desk, monkeypatch, way, names):
    monkeypatch.setattr(panel_module, "ask_how_to_replace", lambda *_: way)
    desk.session.prompts = PromptSet.parse("cat\ndog")
    desk.panel.offer(PromptSet.parse("dog\nbird"))
    assert desk.names() == names
    assert desk.session.prompts.classes[-1].id == (2 if way is ReplaceChoice.NOTHING else 3)


def test_a_list_for_an_empty_table_asks_nothing(desk, monkeypatch):
    monkeypatch.setattr(panel_module, "ask_how_to_replace", lambda *_: pytest.fail("asked"))
    desk.panel.offer(PromptSet.parse("dog\nbird"))
    assert desk.names() == ["dog", "bird"]


def test_a_locked_class_is_neither_deleted_nor_replaced(desk):
    desk.session.prompts = PromptSet.parse("cat\ndog")
    desk.result(np.repeat([[1, 2]], 10, 0).repeat(5, 1).astype(np.uint8))
    desk.session.locked = frozenset({2})
    desk.panel.delete([1, 2])
    assert desk.names() == ["dog"]
    assert desk.panel.note.text() == "Class 'dog' is locked; unlock it first."
    desk.panel.use(PromptSet.parse("bird"))
    assert desk.names() == ["bird", "dog"]
    assert desk.session.locked == {2}
    assert list(desk.workbench.layers.class_layers(desk.image)) == [2]


def test_the_panel_fits_a_narrow_dock(desk):
    desk.session.prompts = PromptSet.parse("\n".join(f"class number {i}: synonym, another" for i in range(40)))
    QApplication.processEvents()
    assert desk.panel.minimumSizeHint().width() <= 380
    assert desk.table.width() <= desk.panel.width()


def test_classes_of_a_table_that_only_layers_have_are_not_lost(desk):
    desk.session.prompts = PromptSet.parse("cat")
    desk.result(np.ones((10, 10), np.uint8))
    desk.session.prompts = PromptSet()
    assert desk.workbench.layers.table(desk.image).ids == (1,)
    desk.panel.add_text("dog")
    desk.panel.add_text("cat")
    assert [(entry.name, entry.id) for entry in desk.session.prompts] == [("dog", 2), ("cat", 1)]


def test_after_undo_nobody_is_told_to_look_for_what_was_found(qtbot, desk):
    desk.session.prompts = PromptSet.from_names("cat")
    desk.result(np.ones((10, 10), np.uint8), (ClassSummary(1, "cat", 100, 1.0, 0.9, 0.95),))
    desk.workbench.layers.undo_last_run()
    qtbot.waitUntil(lambda: desk.cell(0, Column.AREA) == "none")
    assert "Nothing found" not in desk.panel.advice.text()


def test_nobody_is_told_to_look_for_a_class_that_is_known_to_be_absent(desk):
    desk.session.prompts = PromptSet.from_names("cat", "dog")
    why = Absence(Absent.PURIFY, 0.95, 0.9, "dog")
    found = (ClassSummary(1, "cat", 0, 0.0, None, None, why), ClassSummary(2, "dog", 0, 0.0, None, 0.2))
    desk.result(np.zeros((10, 10), np.uint8), found)
    assert "Nothing found: dog (best 0.20)" in desk.panel.advice.text()
    assert "cat" not in desk.panel.advice.text()
    tip = desk.panel.model.index(0, Column.NAME).data(Qt.ItemDataRole.ToolTipRole)
    assert "'dog' fits the same place better, 0.95 of 0.90" in tip
