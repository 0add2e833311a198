from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QModelIndex, Qt
from qtpy.QtGui import QColor

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Absent
from napari_cliptrase.engine.absent import Absence
from napari_cliptrase.engine.result import ClassSummary
from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.table_model import NOTE

CHECK = Qt.ItemDataRole.CheckStateRole
COLOR = Qt.ItemDataRole.BackgroundRole
EDIT = Qt.ItemDataRole.EditRole
TIP = Qt.ItemDataRole.ToolTipRole


def summary(class_id, name, mean, best, absence=None):
    return ClassSummary(class_id, name, 0, 0.0, mean, best, absence)


def set_name(table, row, text):
    return table.model.setData(table.model.index(row, Column.NAME), text, EDIT)


def test_a_row_for_each_class_and_one_for_the_background(table):
    table.session.prompts = PromptSet.parse("cat\ndog: puppy, hound\nbackground: wall")
    assert [table.cell(row, Column.NAME) for row in range(table.model.rowCount())] == ["cat", "dog", "background"]
    assert [table.cell(row, Column.NAME, NOTE) for row in range(3)] == ["", "puppy, hound", "wall"]
    assert [table.model.class_at(row) for row in range(3)] == [1, 2, 0]
    assert [table.model.row_of(class_id) for class_id in (1, 2, 0, 9)] == [0, 1, 2, -1]


def test_without_a_background_it_says_that_every_pixel_gets_a_class(table):
    assert "every pixel gets a class" in table.cell(0, Column.NAME, NOTE)


def test_a_name_is_edited_in_place_and_its_id_stays(table):
    table.session.prompts = PromptSet.parse("cat\ndog")
    assert set_name(table, 1, "wolf: grey wolf")
    assert table.session.prompts.get(2).phrases == ("wolf", "grey wolf")


def test_a_name_that_is_there_is_refused_in_words(table):
    table.session.prompts = PromptSet.parse("cat\ndog")
    output = []
    table.model.refused.connect(output.append)
    assert not set_name(table, 1, "cat")
    assert len(output) == 1
    assert "twice" in output[0]
    assert table.session.prompts.get(2).name == "dog"


def test_the_background_row_edits_the_background(table):
    table.session.prompts = PromptSet.parse("cat")
    assert set_name(table, 1, "wall, floor")
    assert table.session.prompts.background == ("wall", "floor")
    assert table.session.prompts.classes[0].name == "cat"


def test_a_colour_reaches_the_class(table):
    table.session.prompts = PromptSet.parse("cat")
    before = table.cell(0, Column.COLOR, COLOR)
    assert before.isValid()
    table.model.setData(table.model.index(0, Column.COLOR), QColor("#0000ff"), COLOR)
    assert table.session.prompts.get(1).color == "#0000ff"
    assert table.cell(0, Column.COLOR, COLOR) == QColor("#0000ff")


def test_a_threshold_is_a_number_or_empty(table):
    table.session.prompts = PromptSet.parse("cat")
    assert table.cell(0, Column.THRESHOLD) == ""
    table.model.setData(table.model.index(0, Column.THRESHOLD), 0.4, EDIT)
    assert table.session.prompts.get(1).threshold == 0.4
    assert table.cell(0, Column.THRESHOLD) == "0.40"


def test_toggles_reach_the_eye_the_solo_and_the_lock(table):
    table.session.prompts = PromptSet.parse("cat\ndog")

    def switch(column, state):
        table.model.setData(table.model.index(1, column), state, CHECK)
        assert Qt.CheckState(table.cell(1, column, CHECK)) == state

    switch(Column.VISIBLE, Qt.CheckState.Unchecked)
    assert table.visibility.hidden == {2}
    switch(Column.SOLO, Qt.CheckState.Checked)
    assert table.visibility.solo == 2
    switch(Column.LOCKED, Qt.CheckState.Checked)
    assert table.session.locked == {2}
    assert Qt.CheckState(table.cell(0, Column.LOCKED, CHECK)) == Qt.CheckState.Unchecked
    switch(Column.VISIBLE, Qt.CheckState.Checked)
    switch(Column.SOLO, Qt.CheckState.Unchecked)
    switch(Column.LOCKED, Qt.CheckState.Unchecked)
    assert (table.visibility.hidden, table.visibility.solo, table.session.locked) == (frozenset(), None, frozenset())


def test_figures_of_the_last_result_are_shown_and_what_has_none_is_empty(table):
    table.session.prompts = PromptSet.parse("cat\ndog\nbird")
    table.model.set_figures({1: 0.4, 0: 0.6}, (summary(1, "cat", 0.61, 0.9), summary(2, "dog", None, 0.12)))
    assert [table.cell(row, Column.AREA) for row in range(4)] == ["40.0 %", "none", "", "60.0 %"]
    assert [table.cell(row, Column.SCORE) for row in range(4)] == ["0.61", "", "", ""]
    assert "Highest probability anywhere: 0.12" in table.cell(1, Column.SCORE, TIP)
    assert [entry.name for entry in table.model.empty_classes()] == ["dog"]


def test_why_a_class_is_absent_stands_behind_its_name_and_in_its_tooltip(table):
    table.session.prompts = PromptSet.parse("cat: kitten")
    absence = Absence(Absent.PURIFY, 0.1, 0.5)
    table.model.set_figures({}, (summary(1, "cat", None, 0.1, absence),))
    assert table.cell(0, Column.NAME, NOTE) == absence.text
    assert "Not in this image, 0.10 of 0.50" in table.cell(0, Column.NAME, TIP)
    assert "Also asked for: kitten" in table.cell(0, Column.NAME, TIP)


@pytest.mark.parametrize(("dragged", "row", "order"), [(0, 3, [2, 3, 1]), (2, 0, [3, 1, 2]), (0, 2, [2, 1, 3])])
def test_dragging_a_row_moves_the_class(table, dragged, row, order):
    table.session.prompts = PromptSet.parse("a\nb\nc")
    data = table.model.mimeData([table.model.index(dragged, Column.NAME)])
    assert table.model.dropMimeData(data, Qt.DropAction.MoveAction, row, 0, QModelIndex())
    assert list(table.session.prompts.ids) == order


def test_a_class_dropped_on_a_row_comes_before_it_and_below_all_rows_at_the_end(table):
    table.session.prompts = PromptSet.parse("a\nb\nc")
    move, last = Qt.DropAction.MoveAction, table.model.mimeData([table.model.index(2, Column.NAME)])
    assert table.model.dropMimeData(last, move, -1, -1, table.model.index(0, Column.NAME))
    assert list(table.session.prompts.ids) == [3, 1, 2]
    first = table.model.mimeData([table.model.index(0, Column.NAME)])
    assert table.model.dropMimeData(first, move, -1, -1, QModelIndex())
    assert list(table.session.prompts.ids) == [1, 2, 3]


def test_what_comes_from_elsewhere_cannot_be_dropped(table):
    table.session.prompts = PromptSet.parse("a\nb")
    foreign = QMimeData()
    foreign.setText("2")
    assert not table.model.dropMimeData(foreign, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert list(table.session.prompts.ids) == [1, 2]


def test_only_what_can_be_edited_offers_it(table):
    table.session.prompts = PromptSet.parse("cat")

    def offered(row, flag):
        return {column for column in Column if table.model.flags(table.model.index(row, column)) & flag}

    assert offered(0, Qt.ItemFlag.ItemIsEditable) == {Column.NAME, Column.THRESHOLD}
    assert offered(0, Qt.ItemFlag.ItemIsUserCheckable) == {Column.VISIBLE, Column.SOLO, Column.LOCKED}
    assert offered(0, Qt.ItemFlag.ItemIsDragEnabled) == set(Column)
    assert offered(1, Qt.ItemFlag.ItemIsEditable) == {Column.NAME}
    assert offered(1, Qt.ItemFlag.ItemIsDragEnabled) == set()


def test_every_cell_of_a_class_and_every_heading_explains_itself(table):
    table.session.prompts = PromptSet.parse("cat")
    for column in Column:
        assert table.cell(0, column, TIP)
        assert table.model.headerData(column, Qt.Orientation.Horizontal, TIP)


def test_a_class_says_whether_it_stands_on_its_text_or_on_examples_too(table):
    session = table.session
    session.prompts = PromptSet.parse("cat\ndog\nbackground: wall")
    rows = range(3)
    assert [table.cell(row, Column.BASIS) for row in rows] == ["text", "text", "text"]
    session.model = SimpleNamespace(fingerprint="model")
    memory = LessonMemory("model", session.settings.encode_key())
    lessons = [
        Lesson(name, np.ones((3, 4), np.float32) / 2, np.ones(3, np.float32), image=image)
        for name, image in (("Cat", "a"), ("cat", "b"), ("background", "b"))
    ]
    session.examples.change(memory.taught(lessons))
    assert [table.cell(row, Column.BASIS) for row in rows] == ["+2", "text", "+1"]
    assert "2 examples (6 patches)" in table.cell(0, Column.BASIS, TIP)
    assert "text alone" in table.cell(1, Column.BASIS, TIP)
    session.examples.used = False
    assert [table.cell(row, Column.BASIS) for row in rows] == ["text", "text", "text"]
