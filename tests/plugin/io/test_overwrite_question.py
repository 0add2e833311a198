import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMessageBox

from napari_cliptrase.errors import ReplaceRefused
from napari_cliptrase.plugin.io.overwrite_question import ask_to_overwrite


@pytest.mark.parametrize(("button", "answer"), [("Replace", True), ("Cancel", False), (None, False)])
def test_only_replace_replaces(qtbot, button, answer):
    said = []

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        said.append(box.text())
        found = [entry for entry in box.buttons() if entry.text().replace("&", "") == button]
        (found[0].click if found else box.close)()

    QTimer.singleShot(200, press)
    assert ask_to_overwrite(None, ReplaceRefused("a.png was changed", "use --overwrite")) is answer
    assert said == ["a.png was changed."]
