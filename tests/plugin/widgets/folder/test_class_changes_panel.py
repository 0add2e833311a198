import pytest

from napari_cliptrase.plugin.widgets.folder.class_changes_panel import EDIT_TEXTS, ClassChangesPanel
from napari_cliptrase.plugin.widgets.folder.image_list_model import ImageListModel
from napari_cliptrase.plugin.widgets.folder.image_list_view import ImageListView
from napari_cliptrase.plugin.widgets.folder.thumbnails import Thumbnails
from napari_cliptrase.project.class_edit import ClassEdit, EditKind

A, B, C = (f"image{number:04d}.png" for number in range(3))


@pytest.fixture
def panel(annotator, qtbot):
    """The panel beside the list of a folder, in whose first image a person has drawn a cat."""
    annotator.paint(1)
    annotator.settle()
    thumbnails = Thumbnails(annotator.state)
    model = ImageListModel(annotator.state, thumbnails)
    view = ImageListView(annotator.state, model)
    panel = ClassChangesPanel(annotator.work, view)
    panel.view, panel.images = view, model
    qtbot.addWidget(view)
    qtbot.addWidget(panel)
    panel.show()
    yield panel
    thumbnails.stop()


def choose(panel, kind, class_id, into=None):
    row = list(EDIT_TEXTS).index(kind)
    panel.kind.setCurrentIndex(row)
    panel.kind.activated.emit(row)
    for box, value in ((panel.edited_class, class_id), (panel.into, into)):
        if value is not None:
            box.setCurrentIndex(box.findData(str(value)))
            box.activated.emit(box.currentIndex())


def test_only_what_belongs_to_a_change_is_shown(panel):
    shown = {}
    for kind in EditKind:
        choose(panel, kind, 1)
        shown[kind] = (panel.into.isVisible(), panel.new_name.isVisible())
    assert shown == {
        EditKind.RENAME: (False, True),
        EditKind.MERGE: (True, False),
        EditKind.SPLIT_OFF: (False, True),
        EditKind.DELETE: (False, False),
    }


def test_a_preview_counts_pixels_image_by_image_before_anything_changes(panel, annotator):
    before = annotator.saved(A).labels
    choose(panel, EditKind.DELETE, 1)
    count = int((before == 1).sum())
    assert panel.effect.text().splitlines() == [
        f"'cat' is deleted and its pixels become unlabelled: {count:,} pixels in 1 images.",
        f"{A}: {count:,} pixels",
    ]
    assert panel.apply.isEnabled()
    assert (annotator.saved(A).labels == before).all()


def test_a_change_is_what_was_chosen(panel):
    choose(panel, EditKind.MERGE, 2, into=1)
    assert panel.edit() == ClassEdit.merge(2, 1)
    choose(panel, EditKind.RENAME, 2)
    panel.new_name.setText(" wolf ")
    assert panel.edit() == ClassEdit.rename(2, "wolf")


@pytest.mark.parametrize(
    ("kind", "into", "advice"),
    [
        (EditKind.RENAME, None, "Type the new name."),
        (EditKind.MERGE, 1, "Choose another class to merge it into."),
        (EditKind.SPLIT_OFF, None, "Type the new name."),
    ],
)
def test_what_is_missing_is_reported_and_nothing_can_be_changed(panel, kind, into, advice):
    choose(panel, kind, 1, into)
    assert panel.effect.text() == advice
    assert not panel.apply.isEnabled()


def test_without_a_selected_image_nothing_can_be_split_off(panel):
    choose(panel, EditKind.SPLIT_OFF, 1)
    panel.new_name.setText("lynx")
    panel.view.clearSelection()
    assert "Select the images in the list" in panel.effect.text()
    panel.view.setCurrentIndex(panel.images.index_of(A))
    assert panel.effect.text().startswith("'cat' becomes 'lynx' in 1 images")


def test_a_name_that_is_there_is_refused_in_words(panel):
    choose(panel, EditKind.RENAME, 1)
    panel.new_name.setText("dog")
    assert "'dog'" in panel.effect.text()
    assert not panel.apply.isEnabled()


def test_a_change_reaches_the_masks_and_can_be_undone_once(panel, annotator):
    assert not panel.undo.isEnabled()
    choose(panel, EditKind.RENAME, 1)
    panel.new_name.setText("lynx")
    panel.apply.click()
    annotator.wait(lambda: panel.undo.isEnabled())
    annotator.settle()
    assert [entry.name for entry in annotator.session.prompts] == ["lynx", "dog", "cow"]
    assert panel.new_name.text() == ""
    panel.undo.click()
    annotator.wait(lambda: annotator.session.prompts.classes[0].name == "cat")
    annotator.settle()
    annotator.wait(lambda: not panel.undo.isEnabled())


def test_the_classes_follow_the_folder(panel, annotator):
    annotator.session.prompts = annotator.session.prompts.added("bird")
    annotator.settle()
    listed = [panel.edited_class.itemText(row) for row in range(panel.edited_class.count())]
    assert listed == [entry.name for entry in annotator.state.project.prompts]
    assert "bird" in listed
