"""The question before a list of classes replaces another."""

from enum import Enum, auto

from qtpy.QtWidgets import QMessageBox, QWidget

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.masks.loss_report import count_text


class ReplaceChoice(Enum):
    """What happens to the present classes when a list is loaded."""

    REPLACE = auto()
    ADD = auto()
    NOTHING = auto()


def ask_how_to_replace(parent: QWidget, now: PromptSet, new: PromptSet) -> ReplaceChoice:
    """Ask whether a list replaces the classes of the table or is added to them; closed, it changes nothing."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Class list")
    in_table, in_list = (count_text(len(prompts), "class", "classes") for prompts in (now, new))
    box.setText(f"The table has {in_table} and the list {in_list}.")
    box.setInformativeText(
        "Replace removes the classes that the list does not have, with their layers; locked classes and layers with "
        "hand edits stay. Replacing cannot be undone; Save as… under Lists keeps the classes of the table."
    )
    replace = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    add = box.addButton("Add to the table", QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(add)
    box.exec()
    return {replace: ReplaceChoice.REPLACE, add: ReplaceChoice.ADD}.get(box.clickedButton(), ReplaceChoice.NOTHING)
