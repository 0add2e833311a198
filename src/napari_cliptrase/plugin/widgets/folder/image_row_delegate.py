"""How a row of the list of images is drawn: picture, name, a dot in the colour of the state, and a flag."""

from typing import Any

from qtpy.QtCore import QModelIndex, QRect, QSize, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPalette
from qtpy.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from napari_cliptrase.plugin.widgets.folder.image_list_model import RECORD_ROLE
from napari_cliptrase.plugin.widgets.folder.state_appearance import FLAG, FLAG_COLOR, state_color, state_words
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.thumbnail_picture import THUMBNAIL_SIZE

ROW_GAP = 6
DOT = 9


class ImageRowDelegate(QStyledItemDelegate):
    """Draws the rows; all are of one height, so that a list of thousands needs no measuring."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Qt: the height of a picture and a little room."""
        return QSize(THUMBNAIL_SIZE[0] + 120, THUMBNAIL_SIZE[1] + ROW_GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Qt: draw a row."""
        record: ImageRecord | None = index.data(RECORD_ROLE)
        if record is None:
            return
        painter.save()
        palette, area = option.palette, option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(area, palette.brush(QPalette.ColorRole.Highlight))
        text = palette.color(QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text)
        self._picture(painter, area, index.data(Qt.ItemDataRole.DecorationRole), text)
        left = area.left() + THUMBNAIL_SIZE[0] + 2 * ROW_GAP
        width, line = area.right() - left - ROW_GAP, painter.fontMetrics().height() + 3
        top = area.top() + (area.height() - 2 * line) // 2
        metrics = painter.fontMetrics()
        name = metrics.elidedText(record.name, Qt.TextElideMode.ElideMiddle, width)
        painter.setPen(text)
        painter.drawText(QRect(left, top, width, line), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(state_color(record.state))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(left, top + line + (line - DOT) // 2, DOT, DOT)
        words = state_words(record)
        faint = QColor(text)
        faint.setAlpha(190)
        painter.setPen(faint)
        start = left + DOT + ROW_GAP
        room = width - DOT - ROW_GAP
        painter.drawText(
            QRect(start, top + line, room, line),
            Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(words, Qt.TextElideMode.ElideRight, room),
        )
        if record.flag is not None:
            sign = f"  {FLAG} "
            after = metrics.horizontalAdvance(words)
            # the sign alone is red: red words are hard to read on the gray of the chosen row
            for part, color in ((sign, QColor(FLAG_COLOR)), (record.flag, text)):
                if after >= room:
                    break
                painter.setPen(color)
                painter.drawText(
                    QRect(start + after, top + line, room - after, line),
                    Qt.AlignmentFlag.AlignVCenter,
                    metrics.elidedText(part, Qt.TextElideMode.ElideRight, room - after),
                )
                after += metrics.horizontalAdvance(part)
        painter.restore()

    def _picture(self, painter: QPainter, area: QRect, picture: Any, frame: QColor) -> None:
        box = QRect(area.left() + ROW_GAP, area.top() + ROW_GAP // 2, *THUMBNAIL_SIZE)
        if isinstance(picture, QImage):
            place = QRect(0, 0, picture.width(), picture.height())
            place.moveCenter(box.center())
            painter.drawImage(place, picture)
        else:
            pale = QColor(frame)
            pale.setAlpha(30)
            painter.fillRect(box, pale)
