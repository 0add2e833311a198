import numpy as np
import pytest
from qtpy.QtCore import QModelIndex, QRect, QSize, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPalette, QStandardItem, QStandardItemModel
from qtpy.QtWidgets import QStyle, QStyleOptionViewItem

from napari_cliptrase.plugin.widgets.folder.image_list_model import RECORD_ROLE
from napari_cliptrase.plugin.widgets.folder.image_row_delegate import ImageRowDelegate
from napari_cliptrase.plugin.widgets.folder.state_appearance import FLAG_COLOR, STATE_COLORS
from napari_cliptrase.project.image_record import ImageRecord, State
from napari_cliptrase.project.thumbnail_picture import THUMBNAIL_SIZE

WIDTH = 420


def drawn(qtbot, record, picture=None, selected=False, width=WIDTH):
    """(h, w, 3) pixels of a row, black on white."""
    model = QStandardItemModel(1, 1)
    item = QStandardItem()
    item.setData(record, RECORD_ROLE)
    item.setData(picture, Qt.ItemDataRole.DecorationRole)
    model.setItem(0, 0, item)
    delegate = ImageRowDelegate()
    option = QStyleOptionViewItem()
    height = delegate.sizeHint(option, model.index(0, 0)).height()
    option.rect = QRect(0, 0, width, height)
    for role, color in (("Text", "black"), ("Highlight", "navy"), ("HighlightedText", "white")):
        option.palette.setColor(getattr(QPalette.ColorRole, role), QColor(color))
    if selected:
        option.state |= QStyle.StateFlag.State_Selected
    image = QImage(QSize(width, height), QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    delegate.paint(painter, option, model.index(0, 0))
    painter.end()
    pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    return pixels.reshape(height, image.bytesPerLine() // 4, 4)[:, :width, 2::-1].astype(int)


def has(pixels, color):
    wanted = QColor(color).getRgb()[:3]
    return bool((np.abs(pixels - wanted).max(2) <= 3).any())


@pytest.mark.parametrize("state", State)
def test_a_dot_has_the_colour_of_the_state(qtbot, state):
    pixels = drawn(qtbot, ImageRecord("a.png", "a", state))
    assert has(pixels, STATE_COLORS[state])
    others = set(State) - {state, State.NEW}  # which is gray, as the rim of a letter may be
    assert not any(has(pixels, STATE_COLORS[other]) for other in others)


def test_a_flag_is_drawn_in_its_colour(qtbot):
    assert has(drawn(qtbot, ImageRecord("a.png", "a", flag="glare")), FLAG_COLOR)
    assert not has(drawn(qtbot, ImageRecord("a.png", "a")), FLAG_COLOR)


def test_a_picture_stands_before_the_name_and_a_pale_box_until_it_is_there(qtbot):
    picture = QImage(QSize(*THUMBNAIL_SIZE), QImage.Format.Format_RGB32)
    picture.fill(QColor("#12ab56"))
    record = ImageRecord("a.png", "a")
    with_picture, without = drawn(qtbot, record, picture), drawn(qtbot, record)
    assert has(with_picture[:, : THUMBNAIL_SIZE[0]], "#12ab56")
    box = without[without.shape[0] // 2, THUMBNAIL_SIZE[0] // 2]
    assert 200 < box.min() < 255


def test_a_selected_row_has_the_colours_of_the_selection(qtbot):
    pixels = drawn(qtbot, ImageRecord("a.png", "a"), selected=True)
    assert has(pixels[:, -20:], "navy")
    assert has(pixels, "white")


def test_a_long_name_stays_in_its_row(qtbot):
    pixels = drawn(qtbot, ImageRecord("a very long name " * 9 + ".png", "a", flag="and a long note " * 9), width=260)
    assert (pixels[:, -4:] == 255).all()


def test_all_rows_are_of_one_height(qtbot):
    delegate, option = ImageRowDelegate(), QStyleOptionViewItem()
    assert delegate.sizeHint(option, QModelIndex()).height() > THUMBNAIL_SIZE[1]
