"""The images of a folder that fit search and filter, for a list view.

Which images are shown is decided by `napari_cliptrase.project.image_filter.select`, the same that scripts use: one pass
over the records, which for 5,000 images takes a few milliseconds. A proxy model would ask for each row by itself, and
compare rows in Python thousands of times for a sort.
"""

from typing import Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, Qt
from qtpy.QtGui import QImage

from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.widgets.folder.state_appearance import record_tip
from napari_cliptrase.plugin.widgets.folder.thumbnails import Thumbnails
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.project.image_filter import ImageFilter, select
from napari_cliptrase.project.image_record import ImageRecord

RECORD_ROLE = Qt.ItemDataRole.UserRole


class ImageListModel(QAbstractListModel):
    """Rows are image names; next and previous follow this order."""

    def __init__(self, state: FolderState, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._state = state
        self._thumbnails = thumbnails
        self._names: list[str] = []
        self._rows: dict[str, int] = {}
        self._filter = ImageFilter.ALL
        self._text = ""
        self._uncertain_first = False
        thumbnails.ready.connect(self._on_thumbnail)
        connect_weakly(state.project_changed, self.refresh)
        connect_weakly(state.records_changed, self.refresh)
        connect_weakly(state.record_changed, self._on_record)
        self.refresh()

    # -- what is shown ------------------------------------------------------------------------------------------------

    def show_only(
        self, which: ImageFilter = ImageFilter.ALL, text: str = "", *, most_uncertain_first: bool = False
    ) -> None:
        """Show the images that fit, in the order of names or the most uncertain first."""
        self._filter, self._text, self._uncertain_first = which, text, most_uncertain_first
        self.refresh()

    def refresh(self, *_: Any) -> None:
        """Filter all images again."""
        project = self._state.project
        self.beginResetModel()
        found = (
            []
            if project is None
            else select(project, self._filter, text=self._text, most_uncertain_first=self._uncertain_first)
        )
        self._take([record.name for record in found])
        self.endResetModel()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the images that are shown, in order."""
        return tuple(self._names)

    @property
    def searched(self) -> bool:
        """Whether a part of the name is looked for."""
        return bool(self._text)

    def index_of(self, name: str | None) -> QModelIndex:
        """Return the index of an image; an invalid one when it is not shown."""
        row = self._rows.get(name) if name is not None else None
        return QModelIndex() if row is None else self.index(row)

    def name_at(self, index: QModelIndex) -> str | None:
        """Return the name of an image."""
        return self._names[index.row()] if index.isValid() else None

    # -- Qt -----------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own way
        """Qt: how many images are shown."""
        return 0 if parent.isValid() else len(self._names)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Qt: name, record, picture and words of an image."""
        record = self._record(index)
        if record is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return record.name
        if role == RECORD_ROLE:
            return record
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(record)
        if role == Qt.ItemDataRole.ToolTipRole:
            return record_tip(record)
        return None

    # -- parts --------------------------------------------------------------------------------------------------------

    def _take(self, names: list[str]) -> None:
        self._names = names
        self._rows = {name: row for row, name in enumerate(names)}
        self._state.order = tuple(names)

    def _record(self, index: QModelIndex) -> ImageRecord | None:
        return self._state.record(self._names[index.row()]) if index.isValid() else None

    def _picture(self, record: ImageRecord) -> QImage | None:
        return self._thumbnails.get(record)

    def _on_thumbnail(self, name: str) -> None:
        index = self.index_of(name)
        if index.isValid():
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])

    def _on_record(self, name: str) -> None:
        """Show what is new about an image; one that no longer fits leaves the list, unless it is being worked on."""
        index, record = self.index_of(name), self._state.record(name)
        if not index.isValid() or record is None:
            return
        if self._filter.fits(record) or name == self._state.place:
            self.dataChanged.emit(index, index)
            return
        self.beginRemoveRows(QModelIndex(), index.row(), index.row())
        self._take([other for other in self._names if other != name])
        self.endRemoveRows()
