import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QApplication, QColorDialog, QDoubleSpinBox, QLineEdit

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.table_model import ID


def names(table):
    return [table.shown(row).data() for row in range(table.view.model().rowCount())]


def test_selecting_a_row_makes_its_class_the_active_one_and_back(table):
    table.session.prompts = PromptSet.parse("cat\ndog")
    table.view.selectRow(1)
    assert table.session.active_class == 2
    table.session.active_class = 1
    assert table.view.currentIndex().data(ID) == 1
    assert table.view.selected_classes() == [1]


def test_selecting_the_background_leaves_the_active_class(table):
    table.session.prompts = PromptSet.parse("cat")
    table.view.selectRow(1)
    assert table.session.active_class == 1
    assert table.view.selected_classes() == []


def test_the_active_class_stays_selected_when_rows_move(table):
    table.session.prompts = PromptSet.parse("cat\ndog\nbird")
    table.session.active_class = 3
    table.session.prompts = table.session.prompts.moved(3, 0)
    assert table.view.currentIndex().row() == 0
    assert table.session.active_class == 3


def test_a_click_on_the_selected_row_announces_its_class_again(table):
    table.session.prompts = PromptSet.parse("cat\ndog")
    table.click(1, Column.NAME)
    reported = []
    table.session.active_changed.connect(reported.append)
    table.click(1, Column.NAME)
    assert reported == [2]


def test_the_filter_looks_at_synonyms_and_keeps_the_background(table):
    table.session.prompts = PromptSet.parse("cat\ndog: hound\nbird")
    table.view.set_filter("  HOU ")
    assert names(table) == ["dog", "background"]
    table.view.set_filter("")
    assert names(table) == ["cat", "dog", "bird", "background"]


def test_a_class_below_a_filter_is_edited_at_its_own_row(table):
    table.session.prompts = PromptSet.parse("cat\ndog\nbird")
    table.view.set_filter("bird")
    table.view.edit_name(3)
    assert table.view.findChild(QLineEdit).text() == "bird"


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_asks_for_the_selected_classes_to_go(table, key):
    table.session.prompts = PromptSet.parse("cat\ndog")
    table.view.selectAll()
    with table.qtbot.waitSignal(table.view.delete_requested) as wanted:
        table.qtbot.keyClick(table.view, key)
    assert sorted(wanted.args[0]) == [1, 2]


def test_delete_on_the_background_asks_for_nothing(table):
    table.session.prompts = PromptSet.parse("cat")
    asked = []
    table.view.delete_requested.connect(asked.append)
    table.view.selectRow(1)
    table.qtbot.keyClick(table.view, Qt.Key.Key_Delete)
    assert asked == []


def test_a_click_on_the_swatch_asks_for_a_colour(table, monkeypatch):
    table.session.prompts = PromptSet.parse("cat").replaced(1, color="#ff0000")
    offered = []

    def choose(now, *_):
        offered.append(QColor(now).name())
        return QColor("#0000ff")

    monkeypatch.setattr(QColorDialog, "getColor", choose)
    table.click(0, Column.COLOR)
    assert offered == ["#ff0000"]
    assert table.session.prompts.get(1).color == "#0000ff"
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor())  # closed without a choice
    table.click(0, Column.COLOR)
    assert table.session.prompts.get(1).color == "#0000ff"


def test_one_click_opens_the_editor_of_a_threshold(table):
    table.session.prompts = PromptSet.parse("cat")
    table.click(0, Column.THRESHOLD)
    assert table.view.findChild(QDoubleSpinBox).isVisible()


def test_a_double_click_edits_a_name(table):
    table.session.prompts = PromptSet.parse("cat")
    place = table.place(0, Column.NAME)
    table.qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    table.qtbot.mouseDClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert table.view.findChild(QLineEdit).text() == "cat"


@pytest.mark.parametrize("share", [1, 0.9996, 0.999, 0.123, 0.001, 0.0001])
def test_every_area_fits_its_column(table, share):
    table.session.prompts = PromptSet.parse("cat")
    table.model.set_figures({1: share}, ())
    room = table.view.columnWidth(Column.AREA) - 6  # what the style leaves free at both ends
    assert table.view.fontMetrics().horizontalAdvance(table.cell(0, Column.AREA)) <= room


def test_all_columns_fit_a_narrow_dock(table):
    table.session.prompts = PromptSet.parse("\n".join(f"class number {i}: synonym, another" for i in range(40)))
    QApplication.processEvents()
    assert table.view.horizontalHeader().length() <= table.view.viewport().width()
    assert table.view.columnWidth(Column.NAME) > 80


def test_a_few_rows_are_always_in_sight(table):
    table.session.prompts = PromptSet.parse("a\nb\nc\nd\ne")
    table.view.resize(380, 10)
    table.view.resize(table.view.width(), table.view.minimumHeight())
    QApplication.processEvents()
    last = table.view.visualRect(table.shown(5))
    assert table.view.viewport().rect().contains(last.center())
