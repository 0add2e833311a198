import pytest
from qtpy.QtWidgets import QDialogButtonBox

from napari_cliptrase.plugin.widgets.folder.open_folder_dialog import OpenFolderDialog
from napari_cliptrase.project.project import Project


@pytest.fixture
def dialog(photos, qtbot):
    dialog = OpenFolderDialog(str(photos))
    qtbot.addWidget(dialog)
    return dialog


def can_open(dialog):
    return dialog.buttons.button(QDialogButtonBox.StandardButton.Open).isEnabled()


def test_it_says_what_the_folder_holds(dialog):
    assert dialog.found.text().startswith("3 images.")
    assert can_open(dialog)


def test_patterns_and_folders_below_choose_images(dialog, photos):
    (photos / "sub").mkdir()
    (photos / "image0000.png").rename(photos / "sub" / "deep.png")
    dialog.patterns.setText("*1.png *.jpg")
    assert dialog.found.text().startswith("1 images. 2 images do not fit")
    assert dialog.new_project().patterns == ("*1.png", "*.jpg")
    dialog.patterns.clear()
    dialog.recursive.setChecked(False)
    assert dialog.found.text().startswith("2 images.")
    assert not dialog.new_project().recursive


def test_what_cannot_be_opened_says_why(dialog, photos):
    dialog.patterns.setText("*.gif")
    assert "No image" in dialog.found.text()
    assert not can_open(dialog)
    dialog.folder.setText(str(photos / "nowhere"))
    assert "no such folder" in dialog.found.text()
    dialog.folder.setText("")
    assert not can_open(dialog)


def test_a_project_is_only_opened(dialog, photos):
    Project.create(photos).close()
    dialog.look()
    assert "project already" in dialog.found.text()
    assert can_open(dialog)
    assert not dialog.patterns.isEnabled()
