"""The list of masks with check boxes: each image with its class layers, and every other label layer."""

from typing import Any
from uuid import UUID

from napari.components import LayerList
from napari.layers import Labels
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem, QWidget

from napari_cliptrase.classes.colors import RGB
from napari_cliptrase.classes.table import MaskClass
from napari_cliptrase.plugin.io.mask_sources import MaskSource, sources_in
from napari_cliptrase.plugin.layers import member_of, table_of
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

_ROWS = 7


class MaskTree(QTreeWidget):
    """Follows the layer list; remembers what the user checked by layer, not by name.

    Signals: ``changed()`` when the choice or the layers changed.
    """

    changed = Signal()

    def __init__(self, layers: LayerList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self._sources: tuple[MaskSource, ...] = ()
        self._checked: dict[UUID, bool] = {}
        self.setHeaderHidden(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setToolTip(
            "Checked layers are exported. The class layers of an image become one mask: where they overlap, "
            "the layer that is higher in napari's list wins. Hidden layers count like visible ones."
        )
        self.itemChanged.connect(self._on_item)
        for emitter in (
            layers.events.inserted,
            layers.events.removed,
            layers.events.reordered,
            layers.events.renamed,
        ):
            connect_weakly(emitter, self.refresh)
        self.refresh()

    def refresh(self, _event: Any = None) -> None:
        """Rebuild the list from the layers."""
        self._sources = sources_in(self._layers)
        known = {layer.unique_id for source in self._sources for layer in source.layers}
        self._checked = {key: checked for key, checked in self._checked.items() if key in known}
        self.blockSignals(True)
        try:
            self.clear()
            for source in self._sources:
                self._add(source)
        finally:
            self.blockSignals(False)
        self._fit()
        self.changed.emit()

    def chosen(self) -> tuple[MaskSource, ...]:
        """Return the checked masks, with their checked layers only."""
        found = (source.only(layer for layer in source.layers if self._is_checked(layer)) for source in self._sources)
        return tuple(source for source in found if source is not None)

    def _add(self, source: MaskSource) -> None:
        top = _item(source.title if len(source.layers) > 1 or source.by_class else source.layers[0].name)
        self.addTopLevelItem(top)
        if not source.by_class:
            top.setData(0, Qt.ItemDataRole.UserRole, source.layers[0].unique_id)
            top.setCheckState(0, _check_state(self._is_checked(source.layers[0])))
            return
        top.setFlags(top.flags() | Qt.ItemFlag.ItemIsAutoTristate)
        for layer in reversed(source.layers):  # as in the layer list: the topmost first
            entry = _class_of(layer)
            item = _item(layer.name if entry is None else entry.name, None if entry is None else entry.color)
            item.setData(0, Qt.ItemDataRole.UserRole, layer.unique_id)
            item.setCheckState(0, _check_state(self._is_checked(layer)))
            top.addChild(item)
        top.setExpanded(True)

    def _is_checked(self, layer: Labels) -> bool:
        """What the user chose; else class layers, or other layers when there are no class layers."""
        if layer.unique_id in self._checked:
            return self._checked[layer.unique_id]
        source = next(source for source in self._sources if layer in source.layers)
        if source.by_class:
            return True
        if layer is not source.layers[0]:  # object numbers go with their labels
            return self._is_checked(source.layers[0])
        member = member_of(source.layers[0])
        by_class = [other for other in self._sources if other.by_class]
        if member is None:
            return not by_class and all(member_of(other.layers[0]) is None for other in self._sources)
        groups = (found.group for other in by_class if (found := member_of(other.layers[0])) is not None)
        return member.group not in groups

    def _on_item(self, item: QTreeWidgetItem, _column: int) -> None:
        key = item.data(0, Qt.ItemDataRole.UserRole)
        if key is None:
            return  # an image: its layers report themselves
        self._checked[key] = item.checkState(0) is Qt.CheckState.Checked
        self.changed.emit()

    def _fit(self) -> None:
        """Be as high as the list, up to a few rows."""
        rows = sum(1 + self.topLevelItem(i).childCount() for i in range(self.topLevelItemCount()))
        height = self.sizeHintForRow(0) if rows else 24
        self.setFixedHeight(max(2, min(rows, _ROWS)) * max(height, 16) + 8)


def _class_of(layer: Labels) -> MaskClass | None:
    member, table = member_of(layer), table_of(layer)
    return None if member is None or member.class_id is None or table is None else table.get(member.class_id)


def _item(text: str, color: RGB | None = None) -> QTreeWidgetItem:
    item = QTreeWidgetItem([text])
    item.setToolTip(0, text)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    if color is not None:
        picture = QPixmap(12, 12)
        picture.fill(QColor(*color))
        item.setIcon(0, QIcon(picture))
    return item


def _check_state(checked: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
