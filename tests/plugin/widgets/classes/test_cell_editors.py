import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QImage
from qtpy.QtWidgets import QApplication, QDoubleSpinBox, QLineEdit

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column


def picture_of(table, row, column):
    """(h, w, 3) pixels of a cell on the screen."""
    QApplication.processEvents()
    image = table.view.viewport().grab(table.view.visualRect(table.shown(row, column))).toImage()
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    return pixels.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), :3].astype(int)


def ink(picture):
    """How far each pixel is from the ground, which is in the corner."""
    return np.abs(picture - picture[0, -1]).max(2)


@pytest.mark.parametrize(
    ("column", "state"),
    [
        (Column.VISIBLE, lambda table: table.visibility.hidden == {1}),
        (Column.SOLO, lambda table: table.visibility.solo == 1),
        (Column.LOCKED, lambda table: table.session.locked == {1}),
    ],
)
def test_a_click_or_the_space_bar_switches_a_toggle(table, column, state):
    table.session.prompts = PromptSet.parse("cat\ndog")
    table.click(0, column)
    assert state(table)
    table.click(0, column)
    assert not state(table)
    table.view.setCurrentIndex(table.shown(0, column))
    table.qtbot.keyClick(table.view, Qt.Key.Key_Space)
    assert state(table)


def test_the_right_button_switches_nothing(table):
    table.session.prompts = PromptSet.parse("cat")
    table.qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.RightButton, pos=table.place(0, Column.LOCKED))
    assert not table.session.locked


def test_the_background_has_no_toggles(table):
    table.session.prompts = PromptSet.parse("cat")
    for column in (Column.VISIBLE, Column.SOLO, Column.LOCKED):
        table.click(1, column)
        assert not ink(picture_of(table, 1, column)).any()
    assert (table.visibility.hidden, table.visibility.solo, table.session.locked) == (frozenset(), None, frozenset())


def test_a_toggle_that_is_off_is_fainter(table):
    table.session.prompts = PromptSet.parse("cat\ndog")
    table.session.locked = frozenset({2})
    table.view.clearSelection()
    off, on = (ink(picture_of(table, row, Column.LOCKED)).sum() for row in (0, 1))
    assert 0 < off < on


def test_the_swatch_has_the_colour_of_the_class(table):
    table.session.prompts = PromptSet.parse("cat").replaced(1, color="#20a040")
    picture = picture_of(table, 0, Column.COLOR)
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
    assert QColor(*map(int, middle)).name() == "#20a040"


def test_the_synonyms_stand_behind_the_name_and_are_fainter(table):
    table.session.prompts = PromptSet.parse("ox: HHHH\nelk")
    table.view.clearSelection()
    with_synonyms = ink(picture_of(table, 0, Column.NAME))
    alone = ink(picture_of(table, 1, Column.NAME))
    metrics = table.view.fontMetrics()
    name = 4 + metrics.horizontalAdvance("ox") + 4
    assert with_synonyms[:, name:-8].any()
    assert not alone[:, 4 + metrics.horizontalAdvance("elk") + 4 : -8].any()
    assert with_synonyms[:, name:-8].max() < 0.8 * alone.max()


def test_the_editor_of_a_name_shows_how_synonyms_are_written(table):
    table.session.prompts = PromptSet.parse("dog: puppy")
    table.view.edit_name(1)
    editor = table.view.findChild(QLineEdit)
    assert editor.text() == "dog: puppy"
    assert editor.placeholderText() == "name: synonym, synonym"


def test_the_editor_of_the_background_asks_for_a_plain_list(table):
    table.session.prompts = PromptSet.parse("dog\nbackground: wall")
    table.view.edit_name(0)
    editor = table.view.findChild(QLineEdit)
    assert editor.text() == "wall"
    assert editor.placeholderText() == "wall, floor, ceiling"


@pytest.mark.parametrize(("key", "name"), [(Qt.Key.Key_Return, "wolf"), (Qt.Key.Key_Escape, "dog")])
def test_enter_takes_a_name_and_escape_leaves_it(table, key, name):
    table.session.prompts = PromptSet.parse("dog")
    table.view.edit_name(1)
    editor = table.view.findChild(QLineEdit)
    editor.setText("wolf")
    with table.qtbot.waitSignal(editor.destroyed):  # what a key does is done when the editor is gone
        table.qtbot.keyClick(editor, key)
    assert table.session.prompts.get(1).name == name


def test_a_threshold_takes_effect_at_every_step_of_its_editor(table):
    table.session.prompts = PromptSet.parse("cat")
    table.view.edit(table.shown(0, Column.THRESHOLD))
    box = table.view.findChild(QDoubleSpinBox)
    assert box.text() == "–"
    box.stepUp()
    box.stepUp()
    assert table.session.prompts.get(1).threshold == 0.05
    box.setValue(-0.05)
    assert table.session.prompts.get(1).threshold is None


def test_the_editor_of_a_threshold_starts_from_its_value(table):
    table.session.prompts = PromptSet.parse("cat [threshold=0.4]")
    table.view.edit(table.shown(0, Column.THRESHOLD))
    assert table.view.findChild(QDoubleSpinBox).value() == 0.4
    assert table.session.prompts.get(1).threshold == 0.4


def test_numbers_stand_at_the_right(table):
    table.session.prompts = PromptSet.parse("cat [threshold=0.4]")
    table.model.set_figures({1: 0.4}, ())
    table.view.clearSelection()
    for column in (Column.THRESHOLD, Column.AREA):
        columns = np.flatnonzero(ink(picture_of(table, 0, column)).any(0))
        width = table.view.columnWidth(column)
        assert width - columns[-1] < columns[0] + 4
