"""The list of classes to refine, with check boxes."""

from collections.abc import Collection

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QWidget

from napari_cliptrase.classes.table import ClassTable

_ROWS = 6


class ClassChecks(QListWidget):
    """Classes that may change; all are checked but locked ones, which cannot be.

    Signals: ``changed()`` when the user checked or unchecked one.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unwanted: set[int] = set()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setToolTip("Checked classes may gain and lose pixels; a boundary moves when one of its two classes may.")
        self.itemChanged.connect(self._on_item)

    def show_classes(self, table: ClassTable, locked: Collection[int]) -> None:
        """List the classes of a table; what was unchecked stays so."""
        self.blockSignals(True)
        self.clear()
        for entry in table:
            picture = QPixmap(12, 12)
            picture.fill(QColor(*entry.color))
            item = QListWidgetItem(QIcon(picture), entry.name + (" (locked)" if entry.id in locked else ""))
            item.setData(Qt.ItemDataRole.UserRole, entry.id)
            item.setToolTip(entry.name)
            if entry.id in locked:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            checked = entry.id not in self._unwanted and entry.id not in locked
            item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
            self.addItem(item)
        self.blockSignals(False)
        rows = min(max(self.count(), 2), _ROWS)
        self.setFixedHeight(rows * max(self.sizeHintForRow(0), 16) + 6)
        self.setVisible(self.count() > 0)

    def chosen(self) -> frozenset[int] | None:
        """Ids of the checked classes; None when there is nothing to choose from, which means all."""
        if not self.count():
            return None
        items = (self.item(row) for row in range(self.count()))
        return frozenset(
            item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() is Qt.CheckState.Checked
        )

    def set_chosen(self, class_id: int, chosen: bool) -> None:
        """Check or uncheck a class."""
        for row in range(self.count()):
            if self.item(row).data(Qt.ItemDataRole.UserRole) == class_id:
                self.item(row).setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)

    def _on_item(self, item: QListWidgetItem) -> None:
        class_id = item.data(Qt.ItemDataRole.UserRole)
        if item.checkState() is Qt.CheckState.Checked:
            self._unwanted.discard(class_id)
        else:
            self._unwanted.add(class_id)
        self.changed.emit()
