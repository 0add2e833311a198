"""The question before files that a person edited, or that come from elsewhere, are replaced."""

from qtpy.QtWidgets import QMessageBox, QWidget

from napari_cliptrase.errors import ReplaceRefused


def ask_to_overwrite(parent: QWidget | None, refused: ReplaceRefused) -> bool:
    """Ask whether what stands in the way is replaced; closed, the answer is no."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Replace files?")
    box.setText(f"{refused.reason}.")
    box.setInformativeText("Replace writes over it, and what is there is lost. Cancel leaves all files as they are.")
    replace = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.exec()
    return box.clickedButton() is replace
