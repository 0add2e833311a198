"""The list of images; a click opens one."""

from typing import Any, Final

from qtpy.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QPainter, QPaintEvent
from qtpy.QtWidgets import QAbstractItemView, QListView, QWidget

from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.widgets.folder.image_list_model import ImageListModel
from napari_cliptrase.plugin.widgets.folder.image_row_delegate import ImageRowDelegate
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

NOTHING_FITS: Final = "No image fits the search and the filter above."
NOTHING_TO_REVIEW: Final = "Nothing to review. Images that are done come here until somebody accepts them."
MARGIN: Final = 24


class ImageListView(QListView):
    """Shows an `ImageListModel`; ``chosen(name)`` when an image is clicked or Enter is pressed on it.

    Several rows can be selected, for splitting off a class in some images. The row of the image on show is always
    selected, and in sight when another one is opened.
    """

    chosen = Signal(str)

    def __init__(self, state: FolderState, model: ImageListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._images = model
        self.setModel(model)
        self.setItemDelegate(ImageRowDelegate(self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(160)
        self.clicked.connect(self._on_clicked)
        self.activated.connect(self._on_clicked)
        model.modelReset.connect(self.follow)
        connect_weakly(state.shown_changed, self.follow)
        connect_weakly(state.opening_changed, self.follow)
        connect_weakly(state.blocked_changed, self.follow)
        self.follow()

    def selected_names(self) -> tuple[str, ...]:
        """Return the names of the selected images, in the order of the list."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return tuple(self._images.names[row] for row in rows)

    def follow(self, *_: Any) -> None:
        """Select the image on show and bring it into sight."""
        index = self._images.index_of(self._state.place)
        if index.isValid():
            # the view's own way would extend the selection while Shift or Ctrl is held, as in Shift + D
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            following = index.siblingAtRow(index.row() + 1)
            for row in (following, index):  # what comes next is seen, too
                if row.isValid():
                    self.scrollTo(row)

    @property
    def empty_text(self) -> str:
        """What is shown in place of images while there is none in the list."""
        if self._state.project is None or self._images.names:
            return ""
        return NOTHING_TO_REVIEW if self._state.reviewing and not self._images.searched else NOTHING_FITS

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt: the rows, or why there is none."""
        super().paintEvent(event)
        if self.empty_text:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(self.foregroundRole()))
            area = self.viewport().rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, self.empty_text)
            painter.end()

    def keyboardSearch(self, search: str) -> None:
        """Qt: letters are keys of the folder here; there is a field for searching."""

    def _on_clicked(self, index: QModelIndex) -> None:
        name = self._images.name_at(index)
        if name is not None and len(self.selectedIndexes()) <= 1:
            self.chosen.emit(name)
