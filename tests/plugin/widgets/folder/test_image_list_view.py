import pytest
from qtpy.QtCore import QItemSelectionModel, Qt

from napari_cliptrase.plugin.widgets.folder.image_list_model import ImageListModel
from napari_cliptrase.plugin.widgets.folder.image_list_view import ImageListView
from napari_cliptrase.plugin.widgets.folder.thumbnails import Thumbnails

A, B, C = (f"image{number:04d}.png" for number in range(3))


@pytest.fixture
def view(annotator, qtbot):
    thumbnails = Thumbnails(annotator.state)
    model = ImageListModel(annotator.state, thumbnails)
    view = ImageListView(annotator.state, model)
    qtbot.addWidget(view)
    view.images = model
    view.resize(300, 200)
    view.show()
    view.chose = []
    view.chosen.connect(view.chose.append)
    yield view
    thumbnails.stop()


def click(view, qtbot, name, modifier=Qt.KeyboardModifier.NoModifier):
    place = view.visualRect(view.images.index_of(name)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def test_a_click_chooses_an_image(view, qtbot):
    click(view, qtbot, B)
    assert view.chose == [B]


def test_more_rows_can_be_selected_without_leaving_the_image(view, qtbot):
    click(view, qtbot, C, Qt.KeyboardModifier.ControlModifier)
    click(view, qtbot, B, Qt.KeyboardModifier.ControlModifier)
    assert view.selected_names() == (A, B, C)  # in the order of the list; the first one is on show
    assert view.chose == []


def test_the_image_on_show_is_selected_and_in_sight(view, annotator):
    view.setMinimumHeight(0)
    view.resize(300, 60)
    annotator.go(C)
    assert view.selected_names() == (C,)
    assert view.viewport().rect().contains(view.visualRect(view.images.index_of(C)).center())


@pytest.mark.parametrize("held", [Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier])
def test_the_image_that_is_opened_is_selected_alone_whatever_key_is_held(view, annotator, qtbot, held):
    click(view, qtbot, B, held)
    annotator.go(C)
    assert view.selected_names() == (C,)


def test_it_is_selected_again_when_the_list_is_filled_anew(view, annotator):
    annotator.go(B)
    view.images.show_only(text="image")
    assert view.selected_names() == (B,)


def test_letters_search_nothing_since_they_are_keys_of_the_folder(view, annotator):
    view.selectionModel().setCurrentIndex(view.images.index_of(A), QItemSelectionModel.SelectionFlag.ClearAndSelect)
    view.keyboardSearch("image0002")
    assert view.selected_names() == (A,)
