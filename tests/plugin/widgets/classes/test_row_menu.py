from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.row_menu import RowMenu


def test_the_text_of_a_class_is_switched_off_and_on(table, qtbot):
    table.session.prompts = PromptSet.parse("cat\ndog: puppy")
    menu = table.view.row_menu(2)
    assert not menu.text_off.isChecked()
    menu.text_off.trigger()
    assert [entry.text for entry in table.session.prompts] == [True, False]
    assert table.cell(1, Column.BASIS) == "none"
    again = table.view.row_menu(2)
    assert again.text_off.isChecked()
    again.text_off.trigger()
    assert table.session.prompts == PromptSet.parse("cat\ndog: puppy")


def test_the_menu_edits_the_name(table, qtbot):
    table.session.prompts = PromptSet.parse("cat\ndog")
    asked = []
    menu = RowMenu(table.session, 2, asked.append)
    qtbot.addWidget(menu)
    menu.actions()[0].trigger()
    assert asked == [2]


def test_an_edited_name_keeps_that_there_is_no_text(table):
    table.session.prompts = PromptSet.parse("this thing [text=off]")
    index = table.shown(0)
    line = table.view.model().data(index, 2)
    assert line == "this thing [text=off]"
    table.view.model().setData(index, "that thing [text=off]")
    assert table.session.prompts.to_text() == "that thing [text=off]\n"
