import pytest
from qtpy.QtWidgets import QMessageBox, QWidget

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.widgets.classes.replace_question import ReplaceChoice, ask_how_to_replace


@pytest.fixture
def ask(qtbot, monkeypatch):
    """Ask the question and answer with a button; return the answer and what the box said."""
    parent = QWidget()
    qtbot.addWidget(parent)

    def asked(press):
        output = []

        def answer(box):
            output.extend((box.text(), box.informativeText(), box.defaultButton().text()))
            press(box)

        monkeypatch.setattr(QMessageBox, "exec", answer)
        return ask_how_to_replace(parent, PromptSet.parse("cat"), PromptSet.parse("dog\nbird")), output

    return asked


def press_button(title):
    def press(box):
        next(button for button in box.buttons() if button.text() == title).click()

    return press


@pytest.mark.parametrize(
    ("title", "choice"), [("Replace", ReplaceChoice.REPLACE), ("Add to the table", ReplaceChoice.ADD)]
)
def test_each_choice_has_a_button(ask, title, choice):
    assert ask(press_button(title))[0] is choice


def test_cancel_and_closing_change_nothing(ask):
    assert ask(lambda box: box.button(QMessageBox.StandardButton.Cancel).click())[0] is ReplaceChoice.NOTHING
    assert ask(lambda box: box.close())[0] is ReplaceChoice.NOTHING


def test_the_question_says_how_much_there_is_and_enter_loses_nothing(ask):
    _, (text, details, default) = ask(lambda box: box.close())
    assert text == "The table has 1 class and the list 2 classes."
    assert "hand edits stay" in details
    assert default == "Add to the table"
