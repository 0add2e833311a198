"""The class table as Qt sees it: one row for each class, and a last one for the background."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QObject, Qt, Signal
from qtpy.QtGui import QColor

from napari_cliptrase.classes.colors import class_color, to_hex
from napari_cliptrase.classes.prompt_class import BACKGROUND, PromptClass
from napari_cliptrase.errors import PromptError
from napari_cliptrase.plugin.layers import Visibility
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import HEADERS, ClassCellTexts, Column
from napari_cliptrase.plugin.widgets.classes.prompt_edits import line_of, with_background_line, with_line
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import ClassSummary

MIME = "application/x-cliptrase-class"
ID = Qt.ItemDataRole.UserRole + 1
NOTE = Qt.ItemDataRole.UserRole + 2
"""The synonyms, shown behind the name in a fainter colour."""


_TOGGLES = (Column.VISIBLE, Column.SOLO, Column.LOCKED)
_BACKGROUND_COLUMNS = (Column.NAME, Column.AREA, Column.SCORE, Column.BASIS)


class ClassTableModel(QAbstractTableModel):
    """Shows the session's prompts with their last figures; edits go to the session, or ``refused(reason)`` is sent."""

    refused = Signal(str)

    def __init__(self, session: Session, visibility: Visibility, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._visibility = visibility
        self._prompts = session.prompts
        self._areas: dict[int, float] = {}
        self._summary: dict[int, ClassSummary] = {}
        connect_weakly(session.prompts_changed, self._on_prompts)
        connect_weakly(session.locked_changed, self.refresh)
        for changed in (session.examples.taught, session.examples.changed, session.model_changed):
            connect_weakly(changed, self.refresh)
        connect_weakly(visibility.changed, self.refresh)

    # -- figures ------------------------------------------------------------------------------------------------------

    def set_figures(self, areas: dict[int, float], summary: "Sequence[ClassSummary]") -> None:
        """Show new areas (shares of the image by class id) and scores."""
        self._areas = dict.fromkeys((entry.id for entry in summary), 0.0) | areas
        self._summary = {entry.id: entry for entry in summary}
        self.refresh()

    def best_score(self, class_id: int) -> float | None:
        """Highest probability of a class anywhere in the last result."""
        return self._texts.best_score(class_id)

    def empty_classes(self) -> tuple[PromptClass, ...]:
        """Classes of which neither the last result nor the layers hold anything, without a reason that is known.

        A class that was found and has no pixels now was undone or erased; of one that is absent the notes say why.
        """
        missed = {class_id for class_id, found in self._summary.items() if not found.area and found.absence is None}
        return tuple(entry for entry in self._prompts if entry.id in missed and not self._areas.get(entry.id))

    @property
    def _texts(self) -> ClassCellTexts:
        session = self._session
        return ClassCellTexts(self._areas, self._summary, session.memory if session.examples.used else None)

    def refresh(self, *_: Any) -> None:
        """Draw all cells again."""
        last = self.index(self.rowCount() - 1, self.columnCount() - 1)
        self.dataChanged.emit(self.index(0, 0), last)

    # -- Qt reads -----------------------------------------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Classes, and the background."""
        return 0 if parent is not None and parent.isValid() else len(self._prompts) + 1

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """See `Column`."""
        return 0 if parent is not None and parent.isValid() else len(Column)

    def class_at(self, row: int) -> int:
        """Id of the class of a row; 0 for the background."""
        return self._prompts.classes[row].id if 0 <= row < len(self._prompts) else 0

    def row_of(self, class_id: int) -> int:
        """Row of a class; -1 when it has none."""
        if class_id == 0:
            return len(self._prompts)
        return self._prompts.ids.index(class_id) if class_id in self._prompts.ids else -1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles and tooltips."""
        if orientation is not Qt.Orientation.Horizontal or section not in HEADERS:
            return None
        title, tip = HEADERS[Column(section)]
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip
        return title if role == Qt.ItemDataRole.DisplayRole else None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """What can be done with a cell."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        column = index.column()
        if self.class_at(index.row()) == 0:
            return flags | Qt.ItemFlag.ItemIsEditable if column == Column.NAME else flags
        if column in (Column.NAME, Column.THRESHOLD):
            flags |= Qt.ItemFlag.ItemIsEditable
        if column in _TOGGLES:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags | Qt.ItemFlag.ItemIsDragEnabled

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, colour, tick or tooltip of a cell."""
        if not index.isValid():
            return None
        column, class_id = Column(index.column()), self.class_at(index.row())
        if role == ID:
            return class_id
        if class_id == 0:
            return self._background_data(column, role)
        entry = self._prompts.get(class_id)
        if role == Qt.ItemDataRole.CheckStateRole and column in _TOGGLES:
            return Qt.CheckState.Checked if self._is_on(column, class_id) else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.BackgroundRole and column == Column.COLOR:
            return QColor(entry.color or to_hex(class_color(class_id)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._texts.tooltip(column, entry)
        if role == Qt.ItemDataRole.EditRole:
            return line_of(self._prompts, class_id) if column == Column.NAME else entry.threshold
        if role == NOTE and column == Column.NAME:
            return self._texts.absence(class_id) or ", ".join(entry.synonyms)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts.text(column, entry)
        return None

    def _background_data(self, column: Column, role: int) -> Any:
        if column not in _BACKGROUND_COLUMNS:
            return None
        phrases = ", ".join(self._prompts.background)
        if role == Qt.ItemDataRole.EditRole:
            return phrases
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                "What belongs to no class. Double-click to write what else is in the picture, "
                f"as a comma list, or choose one under 'Background'.\nNow: {phrases or 'nothing'}"
            )
        if column == Column.NAME:
            if role == Qt.ItemDataRole.DisplayRole:
                return "background"
            return (phrases or "nothing: every pixel gets a class") if role == NOTE else None
        if role == Qt.ItemDataRole.DisplayRole:
            if column == Column.BASIS:
                return self._texts.basis(BACKGROUND) if self._prompts.background else ""
            return self._texts.area(0) if column == Column.AREA else self._texts.score(0)
        return None

    def _is_on(self, column: Column, class_id: int) -> bool:
        if column == Column.VISIBLE:
            return class_id not in self._visibility.hidden
        if column == Column.SOLO:
            return self._visibility.solo == class_id
        return class_id in self._session.locked

    # -- Qt writes ----------------------------------------------------------------------------------------------------

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take an edit or a tick."""
        column, class_id = Column(index.column()), self.class_at(index.row())
        if role == Qt.ItemDataRole.CheckStateRole and class_id:
            self._switch(column, class_id, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        try:
            if role == Qt.ItemDataRole.BackgroundRole:
                self._session.prompts = self._prompts.replaced(class_id, color=QColor(value).name())
            elif role == Qt.ItemDataRole.EditRole and column == Column.NAME and class_id == 0:
                self._session.prompts = with_background_line(self._prompts, str(value))
            elif role == Qt.ItemDataRole.EditRole and column == Column.NAME:
                self._session.prompts = with_line(self._prompts, class_id, str(value))
            elif role == Qt.ItemDataRole.EditRole and column == Column.THRESHOLD:
                self._session.prompts = self._prompts.replaced(class_id, threshold=value)
            else:
                return False
        except PromptError as error:
            self.refused.emit(str(error))
            return False
        return True

    def _switch(self, column: Column, class_id: int, on: bool) -> None:
        if column == Column.VISIBLE:
            self._visibility.hide(class_id, not on)
        elif column == Column.SOLO:
            self._visibility.set_solo(class_id if on else None)
        elif column == Column.LOCKED:
            locked = self._session.locked
            self._session.locked = locked | {class_id} if on else locked - {class_id}

    # -- dragging -----------------------------------------------------------------------------------------------------

    def supportedDropActions(self) -> Qt.DropAction:
        """Rows are moved."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Only rows of this table can be dropped."""
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The id of the dragged class."""
        data = QMimeData()
        data.setData(MIME, str(self.class_at(indexes[0].row())).encode())
        return data

    def dropMimeData(
        self, data: QMimeData, _action: Qt.DropAction, row: int, _column: int, parent: QModelIndex
    ) -> bool:
        """Move the dragged class in front of ``row``."""
        if not data.hasFormat(MIME):
            return False
        class_id = int(bytes(data.data(MIME).data()))
        if row < 0:
            row = parent.row() if parent.isValid() else len(self._prompts)
        before = self.row_of(class_id)
        position = min(row, len(self._prompts)) - (1 if before < row else 0)
        self._session.prompts = self._prompts.moved(class_id, position)
        return True

    def _on_prompts(self, prompts: Any) -> None:
        if prompts.ids == self._prompts.ids:
            self._prompts = prompts
            self.refresh()
            return
        self.beginResetModel()
        self._prompts = prompts
        self.endResetModel()
