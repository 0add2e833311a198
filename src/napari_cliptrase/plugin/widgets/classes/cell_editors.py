"""How the cells of the class table look and are edited."""

from typing import Any

from qtpy.QtCore import QAbstractItemModel, QEvent, QModelIndex, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPen
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.table_model import ID, NOTE
from napari_cliptrase.plugin.widgets.classes.toggle_icons import draw

ROW_HEIGHT = 24
STEP = 0.05


class ToggleCell(QStyledItemDelegate):
    """An icon that a click switches."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the background as for any cell, then the icon."""
        self.initStyleOption(option, index)
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
        _ground(painter, option)
        ticked = index.data(Qt.ItemDataRole.CheckStateRole)
        if ticked is not None:
            on = Qt.CheckState(ticked) == Qt.CheckState.Checked
            draw(painter, Column(index.column()), QRectF(option.rect), _text_color(option), on)

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: QModelIndex
    ) -> bool:
        """Switch at a click anywhere in the cell, or with the space bar."""
        ticked = index.data(Qt.ItemDataRole.CheckStateRole)
        if ticked is None:
            return False
        clicked = event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton
        pressed = event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Space
        if not clicked and not pressed:
            return event.type() == QEvent.Type.MouseButtonDblClick
        on = Qt.CheckState(ticked) == Qt.CheckState.Checked
        return model.setData(
            index, Qt.CheckState.Unchecked if on else Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole
        )


class ColorCell(QStyledItemDelegate):
    """A swatch."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the swatch with a thin edge, so that white and black are seen in every theme."""
        color = index.data(Qt.ItemDataRole.BackgroundRole)
        self.initStyleOption(option, index)
        option.backgroundBrush = Qt.GlobalColor.transparent
        _ground(painter, option)
        if color is None:
            return
        side = 14
        box = QRect(0, 0, side, side)
        box.moveCenter(option.rect.center())
        edge = _text_color(option)
        edge.setAlphaF(0.5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(color))
        painter.setPen(QPen(edge, 1))
        painter.drawRoundedRect(box, 3, 3)
        painter.restore()


class NameCell(QStyledItemDelegate):
    """The name, and behind it in a fainter colour its synonyms."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw both on one line; what does not fit ends in dots."""
        self.initStyleOption(option, index)
        name, note = option.text, index.data(NOTE) or ""
        option.text = ""
        _ground(painter, option)
        area = option.rect.adjusted(4, 0, -4, 0)
        metrics = option.fontMetrics
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.save()
        font = option.font
        font.setItalic(index.data(ID) == 0)
        painter.setFont(font)
        color = _text_color(option)
        painter.setPen(color)
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, align, shown)
        used = metrics.horizontalAdvance(shown) + 8
        if note and area.width() - used > 24:
            color.setAlphaF(0.55)
            painter.setPen(color)
            rest = area.adjusted(used, 0, 0, 0)
            painter.drawText(rest, align, metrics.elidedText(note, Qt.TextElideMode.ElideRight, rest.width()))
        painter.restore()

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, index: QModelIndex) -> QWidget:
        """A line that says how synonyms are written."""
        editor = QLineEdit(parent)
        editor.setPlaceholderText("wall, floor, ceiling" if index.data(ID) == 0 else "name: synonym, synonym")
        editor.setFrame(False)
        return editor

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex) -> None:
        """Set the line only when it was changed."""
        if isinstance(editor, QLineEdit) and editor.text() != index.data(Qt.ItemDataRole.EditRole):
            model.setData(index, editor.text(), Qt.ItemDataRole.EditRole)


class ThresholdCell(QStyledItemDelegate):
    """A number between 0 and 1 or nothing; every step of the editor takes effect at once."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Numbers are aligned to the right."""
        super().initStyleOption(option, index)
        option.displayAlignment = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: QModelIndex) -> QWidget:
        """A spin box whose lowest value means: the threshold for all classes."""
        editor = QDoubleSpinBox(parent)
        editor.setRange(-STEP, 1)
        editor.setSingleStep(STEP)
        editor.setSpecialValueText("–")
        editor.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        editor.setFrame(False)
        editor.valueChanged.connect(lambda: self.commitData.emit(editor))
        return editor

    def setEditorData(self, editor: QWidget, index: QModelIndex) -> None:
        """Show the value."""
        if isinstance(editor, QDoubleSpinBox):
            value = index.data(Qt.ItemDataRole.EditRole)
            editor.blockSignals(True)
            editor.setValue(-STEP if value is None else value)
            editor.blockSignals(False)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex) -> None:
        """Below 0 stands for none."""
        if isinstance(editor, QDoubleSpinBox):
            value = None if editor.value() < 0 else round(editor.value(), 4)
            if value != index.data(Qt.ItemDataRole.EditRole):
                model.setData(index, value, Qt.ItemDataRole.EditRole)


class NumberCell(QStyledItemDelegate):
    """A number, at the right; ``none`` is faint."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Qt: prepare what is drawn."""
        super().initStyleOption(option, index)
        option.displayAlignment = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """All rows are equally high."""
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)


def _ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    widget: Any = option.widget
    option.text = ""
    widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)


def _text_color(option: QStyleOptionViewItem) -> QColor:
    widget: Any = option.widget
    return QColor(widget.palette().color(widget.foregroundRole()))
