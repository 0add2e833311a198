"""The view of the class table: columns that fit a narrow dock, dragging, deleting, choosing a class."""

from typing import Any

from qtpy.QtCore import QItemSelectionModel, QModelIndex, QObject, QSortFilterProxyModel, Qt, Signal
from qtpy.QtGui import QContextMenuEvent, QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QColorDialog, QHeaderView, QTableView, QWidget

from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.classes.cell_editors import (
    ROW_HEIGHT,
    ColorCell,
    NameCell,
    NumberCell,
    ThresholdCell,
    ToggleCell,
)
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.row_menu import RowMenu
from napari_cliptrase.plugin.widgets.classes.table_model import ID, ClassTableModel
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

ICON_WIDTH = 24
WIDTHS = {
    Column.VISIBLE: ICON_WIDTH,
    Column.COLOR: ICON_WIDTH,
    Column.THRESHOLD: 40,
    Column.AREA: 54,
    Column.SCORE: 44,
    Column.BASIS: 38,
    Column.SOLO: ICON_WIDTH,
    Column.LOCKED: ICON_WIDTH,
}
FEWEST_ROWS = 6


class ClassFilter(QSortFilterProxyModel):
    """Rows whose name or synonyms hold a text; the background always stays."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._filter_text = ""

    def show(self, text: str) -> None:
        """Show the rows that hold a text, whatever its case."""
        self._filter_text = text.strip().casefold()
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        """Look for the text in the edited line, which has name and synonyms."""
        index = self.sourceModel().index(row, Column.NAME, parent)
        return index.data(ID) == 0 or self._filter_text in str(index.data(Qt.ItemDataRole.EditRole)).casefold()


class ClassTableView(QTableView):
    """Selecting a row makes its class the active one. ``delete_requested(list of ids)`` on Delete."""

    delete_requested = Signal(object)

    def __init__(self, session: Session, model: ClassTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._filter = ClassFilter(self)
        self._filter.setSourceModel(model)
        self.setModel(self._filter)
        self._cells = {
            Column.VISIBLE: ToggleCell(self),
            Column.COLOR: ColorCell(self),
            Column.NAME: NameCell(self),
            Column.THRESHOLD: ThresholdCell(self),
            Column.AREA: NumberCell(self),
            Column.SCORE: NumberCell(self),
            Column.BASIS: NumberCell(self),
            Column.SOLO: ToggleCell(self),
            Column.LOCKED: ToggleCell(self),
        }
        header = self.horizontalHeader()
        header.setMinimumSectionSize(ICON_WIDTH)
        header.setHighlightSections(False)
        for column, cell in self._cells.items():
            self.setItemDelegateForColumn(column, cell)
            if column in WIDTHS:
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
                self.setColumnWidth(column, WIDTHS[column])
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDragDropOverwriteMode(False)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMinimumHeight(header.sizeHint().height() + FEWEST_ROWS * ROW_HEIGHT)
        self.clicked.connect(self._on_clicked)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        model.modelReset.connect(self.show_active)
        connect_weakly(session.active_changed, self.show_active)

    def set_filter(self, text: str) -> None:
        """Show the rows that hold a text."""
        self._filter.show(text)

    def selected_classes(self) -> list[int]:
        """Ids of the selected classes, the background left out."""
        ids = [index.data(ID) for index in self.selectionModel().selectedRows(Column.NAME)]
        return [class_id for class_id in ids if class_id]

    def show_active(self, *_: Any) -> None:
        """Select the row of the active class."""
        active = self._session.active_class
        row = -1 if active is None else self._model.row_of(active)
        index = self._filter.mapFromSource(self._model.index(row, Column.NAME))
        if index.isValid() and index.row() != self.currentIndex().row():
            self.selectionModel().setCurrentIndex(
                index,
                QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows,
            )

    def edit_name(self, class_id: int) -> None:
        """Open the editor of a name (0: of the background phrases)."""
        index = self._filter.mapFromSource(self._model.index(self._model.row_of(class_id), Column.NAME))
        if index.isValid():
            self.setCurrentIndex(index)
            self.edit(index)

    def choose_color(self, class_id: int) -> None:
        """Ask for a color of a class."""
        index = self._model.index(self._model.row_of(class_id), Column.COLOR)
        now = self._model.data(index, Qt.ItemDataRole.BackgroundRole)
        color = QColorDialog.getColor(now, self, "Colour of the class")
        if color.isValid():
            self._model.setData(index, color, Qt.ItemDataRole.BackgroundRole)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes the selected classes."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.selected_classes():
            self.delete_requested.emit(self.selected_classes())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with the class under the pointer."""
        class_id = self.indexAt(event.pos()).data(ID)
        if class_id:
            self.row_menu(class_id).popup(event.globalPos())

    def row_menu(self, class_id: int) -> RowMenu:
        """Return the menu of a class; it goes when it is closed."""
        menu = RowMenu(self._session, class_id, self.edit_name, self)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _on_clicked(self, index: QModelIndex) -> None:
        class_id = index.data(ID)
        if class_id:
            self._session.choose_class(class_id)
        if index.column() == Column.COLOR and class_id:
            self.choose_color(class_id)
        elif index.column() == Column.THRESHOLD and class_id:
            self.edit(index)

    def _on_current(self, current: QModelIndex, _before: QModelIndex) -> None:
        class_id = current.data(ID)
        if class_id:
            self._session.active_class = class_id
