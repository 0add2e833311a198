"""Eye, solo and lock, drawn so that they take the colour of the text in any theme."""

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPen

from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column

SIDE = 14


def draw(painter: QPainter, column: Column, area: QRectF, color: QColor, on: bool) -> None:
    """Draw the icon of a toggle in the middle of ``area``; what is off is faint."""
    box = QRectF(0, 0, SIDE, SIDE)
    box.moveCenter(area.center())
    color = QColor(color)
    if not on:
        color.setAlphaF(0.35)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if column == Column.VISIBLE:
        _eye(painter, box, color, on)
    elif column == Column.SOLO:
        _solo(painter, box, color, on)
    else:
        _lock(painter, box, color, on)
    painter.restore()


def _eye(painter: QPainter, box: QRectF, color: QColor, on: bool) -> None:
    middle = box.center()
    path = QPainterPath(QPointF(box.left(), middle.y()))
    path.quadTo(QPointF(middle.x(), box.top() - 1), QPointF(box.right(), middle.y()))
    path.quadTo(QPointF(middle.x(), box.bottom() + 1), QPointF(box.left(), middle.y()))
    painter.drawPath(path)
    painter.setBrush(color if on else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(middle, 2.2, 2.2)
    if not on:
        painter.drawLine(box.bottomLeft() + QPointF(2, -1), box.topRight() + QPointF(-2, 1))


def _solo(painter: QPainter, box: QRectF, color: QColor, on: bool) -> None:
    if on:
        painter.setBrush(color)
    painter.drawEllipse(box.center(), 6, 6)
    font = painter.font()
    font.setPixelSize(9)
    font.setBold(True)
    painter.setFont(font)
    if on:
        painter.setPen(QColor("black") if color.lightness() > 127 else QColor("white"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "S")


def _lock(painter: QPainter, box: QRectF, color: QColor, on: bool) -> None:
    body = QRectF(box.left() + 2, box.center().y() - 0.5, SIDE - 4, SIDE / 2)
    bow = QRectF(box.left() + 4, box.top() + 1, SIDE - 8, SIDE - 5)
    if not on:
        bow.translate(4, 0)
    painter.drawArc(bow, 0, 180 * 16)
    left = bow.left()
    painter.drawLine(QPointF(left, bow.center().y()), QPointF(left, body.top()))
    painter.drawLine(
        QPointF(bow.right(), bow.center().y()), QPointF(bow.right(), body.top() if on else bow.center().y())
    )
    painter.setBrush(color if on else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(body, 1.5, 1.5)
