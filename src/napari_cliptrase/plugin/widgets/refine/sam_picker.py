"""Which SAM: the known ones with size and state, or a checkpoint file."""

from typing import Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QSizePolicy, QWidget

from napari_cliptrase.models.catalog import list_models, readable_size

OTHER_FILE: Final = "Other file …"


class SamPicker(QComboBox):
    """The SAM models; ``chosen()`` when another one was picked."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip("The SAM model. Models that are not here yet are downloaded at the first use.")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for entry in list_models("sam"):
            self.addItem("", entry.name)
            self.setItemData(self.count() - 1, entry.note, Qt.ItemDataRole.ToolTipRole)
        self.addItem(OTHER_FILE, None)
        self.refresh()
        self._last = 0
        self.activated.connect(self._on_activated)
        self.currentIndexChanged.connect(self._on_index)

    @property
    def name(self) -> str:
        """Name or file of the chosen model."""
        return str(self.currentData() or self.itemData(self._last))

    def refresh(self) -> None:
        """Update which models are on this computer."""
        entries = {entry.name: entry for entry in list_models("sam")}
        for row in range(self.count()):
            entry = entries.get(self.itemData(row))
            if entry is not None:
                self.setItemText(row, f"{entry.title} · {readable_size(entry.size_bytes)} · {entry.state}")

    def _on_activated(self, row: int) -> None:
        """Ask for a checkpoint when the last entry is chosen; it becomes an entry of its own."""
        if self.itemData(row) is not None:
            return
        path, _ = QFileDialog.getOpenFileName(
            self, "SAM checkpoint", "", "Checkpoints (*.pth *.pt *.safetensors *.bin *.ckpt);;All files (*)"
        )
        if path:
            self.insertItem(row, path.replace("\\", "/").rsplit("/", 1)[-1], path)
            self.setItemData(row, path, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(row if path else self._last)

    def _on_index(self, row: int) -> None:
        if self.itemData(row) is not None:
            self._last = row
            self.chosen.emit()
