"""The dock with all of its parts, without a window around it."""

from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.plugin.widgets.folder.folder_dock import FolderDock
from napari_cliptrase.project.class_edit import EditKind
from napari_cliptrase.project.image_blocked import Remedy
from napari_cliptrase.project.image_filter import ImageFilter
from napari_cliptrase.project.image_record import State

A, B, C = (f"image{number:04d}.png" for number in range(3))


@pytest.fixture
def dock(annotator, qtbot):
    dock = FolderDock(annotator.work, annotator.bench.folder_keys)
    qtbot.addWidget(dock)
    dock.resize(420, 900)
    dock.show()
    yield dock
    dock.thumbnails.stop()


def test_without_a_folder_it_says_what_to_do(annotators, tmp_path, qtbot):
    person = annotators(tmp_path)
    dock = FolderDock(person.work, person.bench.folder_keys)
    qtbot.addWidget(dock)
    assert "Open a folder" in dock.banner.text()
    assert not dock.list.isVisibleTo(dock)


def test_it_shows_images_progress_and_saving(dock, annotator, photos):
    assert dock.title.text() == photos.name
    assert dock.images.rowCount() == 3
    annotator.paint(1)
    annotator.work.mark(State.DONE)
    annotator.settle()
    annotator.wait(lambda: "1 of 3 images done" in dock.counted.text())
    annotator.wait(lambda: dock.saved.text() == "Everything is saved.")
    assert dock.progress.value() == 1


def test_the_menu_writes_a_report_and_opens_it(dock, annotator, photos, monkeypatch):
    shown, opened = [], []
    monkeypatch.setattr("qtpy.QtWidgets.QMenu.exec", lambda menu, *_: shown.append(menu))
    monkeypatch.setattr(
        "qtpy.QtGui.QDesktopServices.openUrl", staticmethod(lambda url: opened.append(Path(url.toLocalFile())))
    )

    def actions():
        dock.more.click()
        return {action.text(): action for action in shown[-1].actions()}

    assert "Open the last report" not in actions()
    actions()["Write a report and open it"].trigger()
    annotator.wait(lambda: bool(opened))
    actions()["Open the last report"].trigger()
    assert opened == [photos / "report.html"] * 2


def test_a_click_opens_an_image_and_its_row_is_selected(dock, annotator):
    index = dock.images.index_of(C)
    dock.list.setCurrentIndex(index)
    dock.list.clicked.emit(index)
    annotator.wait(lambda: annotator.state.shown == C)
    annotator.settle()
    assert dock.list.selected_names() == (C,)
    dock.steps.previous.click()
    annotator.wait(lambda: annotator.state.shown == B)
    assert dock.list.selected_names() == (B,)


def test_an_empty_list_says_why_it_is_empty(dock, annotator, monkeypatch):
    assert dock.list.empty_text == ""
    before = dock.list.grab().toImage()
    dock.review.setChecked(True)
    assert "Nothing to review" in dock.list.empty_text
    dock.filter.search.setText("no such name")
    assert "No image fits" in dock.list.empty_text
    words = dock.list.grab().toImage()
    monkeypatch.setattr(type(dock.list), "empty_text", "")
    assert dock.list.grab().toImage() not in (before, words)  # the words are drawn
    said = []
    monkeypatch.setattr("napari.utils.notifications.show_info", said.append)
    dock.steps.next.click()
    assert "none to go to" in said[0]
    assert annotator.state.shown == A


def test_search_and_filters_shorten_the_list(dock, annotator):
    dock.filter.search.setText("2.png")
    assert dock.images.names == (C,)
    dock.filter.search.clear()
    dock.filter.show_filter(ImageFilter.REVIEWED)
    assert dock.images.names == ()
    annotator.wait(lambda: "0 shown" in dock.counted.text())


def test_a_flag_has_a_note_and_can_be_taken_away(dock, annotator):
    dock.steps.note.setText("glare")
    dock.steps.flag.click()
    annotator.settle()
    assert annotator.state.record(A).flag == "glare"
    assert dock.steps.flag.text() == "Unflag"
    dock.steps.flag.click()
    annotator.settle()
    assert annotator.state.record(A).flag is None


def test_the_flag_key_asks_for_the_note(dock, annotator):
    annotator.bench.folder_keys.toggle_flag()
    assert annotator.state.record(A).flag is None
    dock.steps.note.setText("blur")
    assert dock.window().focusWidget() is dock.steps.note
    dock.steps.note.returnPressed.emit()
    annotator.settle()
    assert annotator.state.record(A).flag == "blur"
    assert dock.window().focusWidget() is not dock.steps.note  # letters are keys of the folder again


def test_review_shows_what_is_done_and_other_buttons(dock, annotator):
    annotator.go(B)
    annotator.work.mark(State.DONE)
    annotator.settle()
    annotator.go(A)
    dock.review.setChecked(True)
    annotator.wait(lambda: annotator.state.shown == B)
    assert dock.images.names == (B,)
    assert dock.steps.accept.isVisibleTo(dock)
    assert not dock.steps.done.isVisibleTo(dock)
    dock.steps.accept.click()
    annotator.settle()
    assert annotator.state.record(B).state is State.REVIEWED


def test_a_blocked_image_offers_its_remedies_alone(dock, annotator, photos):
    annotator.paint(1)
    annotator.go(B)
    (photos / "masks" / "image0000.png").write_bytes(b"no mask")
    annotator.work.go(A)
    annotator.wait(lambda: dock.blocked.isVisibleTo(dock))
    assert "image0000" in dock.blocked.reason.text()
    assert not dock.blocked.buttons[Remedy.RESTORE_BACKUP].isVisibleTo(dock)
    dock.blocked.buttons[Remedy.START_OVER].click()
    annotator.wait(lambda: annotator.state.shown == A)
    assert not dock.blocked.isVisibleTo(dock)


def test_merging_a_class_shows_what_changes_and_can_be_undone(dock, annotator):
    for name in (A, B):
        annotator.go(name)
        annotator.paint(1)
        annotator.paint(2, 20, 20)
    annotator.settle()
    before = {name: annotator.saved(name).labels for name in (A, B)}
    panel = dock.classes
    panel.kind.value = EditKind.MERGE
    panel.edited_class.setCurrentIndex(panel.edited_class.findData("2"))
    panel.into.setCurrentIndex(panel.into.findData("1"))
    panel.preview()
    assert "'dog' becomes part of 'cat': " in panel.effect.text()
    assert f"{A}: " in panel.effect.text()
    panel.apply.click()
    annotator.wait(lambda: panel.undo.isEnabled())
    annotator.settle()
    assert annotator.state.shown == B
    assert [entry.name for entry in annotator.session.prompts] == ["cat", "cow"]
    assert annotator.saved(A).labels[20, 20] == annotator.saved(B).labels[20, 20] == 1
    assert annotator.bench.layers.class_layers(annotator.work.visits.image)[1].data[20, 20] == 1
    panel.undo.click()
    annotator.wait(lambda: 2 in annotator.session.prompts.ids)
    annotator.settle()
    for name, labels in before.items():
        np.testing.assert_array_equal(annotator.saved(name).labels, labels)


def test_a_class_is_split_off_in_the_selected_images(dock, annotator):
    for name in (A, B):
        annotator.go(name)
        annotator.paint(1)
    annotator.settle()
    panel = dock.classes
    panel.kind.value = EditKind.SPLIT_OFF
    panel.new_name.setText("lynx")
    dock.list.setCurrentIndex(dock.images.index_of(A))
    assert "'cat' becomes 'lynx' in 1 images" in panel.effect.text()
    panel.apply.click()
    annotator.wait(lambda: "lynx" in [entry.name for entry in annotator.session.prompts])
    annotator.settle()
    assert annotator.saved(A).labels[5, 5] == 4
    assert annotator.saved(B).labels[5, 5] == 1


@pytest.mark.parametrize(
    ("kind", "advice"), [(EditKind.RENAME, "Type the new name"), (EditKind.MERGE, "Choose another")]
)
def test_what_is_missing_for_a_change_is_reported(dock, kind, advice):
    dock.classes.kind.value = kind
    dock.classes.preview()
    assert advice in dock.classes.effect.text()
    assert not dock.classes.apply.isEnabled()


def test_a_full_disk_is_reported_and_what_was_drawn_is_saved_later(dock, annotator, monkeypatch):
    from napari_cliptrase.project import recorded_files

    real, full = recorded_files.write_bytes, [True]

    def write(path, data):
        if full[0]:
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(recorded_files, "write_bytes", write)
    annotator.paint(1)
    annotator.wait(lambda: "No space left" in dock.saved.text())
    assert "1 image is not saved yet" in dock.saved.text()
    annotator.work.go(B)
    annotator.wait(lambda: annotator.state.shown == B)
    annotator.work.go(A)
    annotator.wait(lambda: annotator.state.shown == A)
    assert annotator.bench.layers.class_layers(annotator.work.visits.image)[1].data[5, 5] == 1
    full[0] = False
    annotator.wait(lambda: dock.saved.text() == "Everything is saved.")
    assert annotator.saved(A).labels[5, 5] == 1


def test_the_dock_fits_a_narrow_window(dock):
    assert dock.minimumSizeHint().width() <= 420
