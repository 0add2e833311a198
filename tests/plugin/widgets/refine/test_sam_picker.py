import pytest
from qtpy.QtWidgets import QFileDialog

from napari_cliptrase.models.catalog import find_entry
from napari_cliptrase.plugin.widgets.refine.sam_picker import OTHER_FILE, SamPicker


@pytest.fixture
def picker(qtbot, monkeypatch, tmp_path):
    """The models of a computer that has downloaded none."""
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path))
    picker = SamPicker()
    qtbot.addWidget(picker)
    return picker


def pick(picker, row):
    picker.setCurrentIndex(row)
    picker.activated.emit(row)


def test_the_shipped_model_comes_first_and_the_others_say_their_size_and_state(picker):
    assert picker.name == "demo"
    text = picker.itemText(picker.findData("vit_b"))
    assert text == "SAM ViT-B · 375 MB · to download"
    assert picker.itemText(picker.count() - 1) == OTHER_FILE


def test_a_model_that_was_downloaded_since_is_shown_as_there(picker, tmp_path):
    checkpoint = find_entry("vit_b", "sam").checkpoint
    (tmp_path / "sam").mkdir()
    with (tmp_path / "sam" / checkpoint.filename).open("wb") as file:
        file.truncate(checkpoint.size)
    picker.refresh()
    assert "to download" not in picker.itemText(picker.findData("vit_b"))
    assert "to download" in picker.itemText(picker.findData("vit_l"))


def test_another_model_is_reported(picker, qtbot):
    with qtbot.waitSignal(picker.chosen):
        pick(picker, picker.findData("vit_b"))
    assert picker.name == "vit_b"


@pytest.mark.parametrize("path", ["/models/mine.pth", "C:\\models\\mine.pth"])
def test_a_file_becomes_an_entry_of_its_own(picker, qtbot, monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    with qtbot.waitSignal(picker.chosen):
        pick(picker, picker.count() - 1)
    assert (picker.name, picker.currentText()) == (path, "mine.pth")
    assert picker.itemText(picker.count() - 1) == OTHER_FILE
    picker.refresh()
    assert picker.currentText() == "mine.pth"


def test_a_file_dialog_that_is_closed_leaves_the_model_as_it_was(picker, monkeypatch):
    pick(picker, picker.findData("vit_b"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    pick(picker, picker.count() - 1)
    assert (picker.name, picker.currentData()) == ("vit_b", "vit_b")
