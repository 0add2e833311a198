"""Two tables: a line for each class, and a line for each mistake; a click says which one was meant."""

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_cliptrase.evaluate.label_comparison import LabelComparison

MOST_MISTAKES = 200


class ScoreTable(QTableWidget):
    """Lines whose first ``names`` columns are texts and the others numbers; ``chosen(names)`` when one is clicked."""

    chosen = Signal(tuple)

    def __init__(self, head: Sequence[tuple[str, str]], names: int, parent: QWidget | None = None) -> None:
        """``head``: title and sentence of each column."""
        super().__init__(0, len(head), parent)
        self._names = names
        self._keys: list[tuple[str, ...]] = []
        for column, (title, tip) in enumerate(head):
            item = QTableWidgetItem(title)
            item.setToolTip(tip)
            self.setHorizontalHeaderItem(column, item)
            mode = QHeaderView.ResizeMode.Stretch if column < names else QHeaderView.ResizeMode.ResizeToContents
            self.horizontalHeader().setSectionResizeMode(column, mode)
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setMinimumHeight(140)
        self.currentCellChanged.connect(self._choose)
        self.cellClicked.connect(self._choose)

    def fill(self, lines: Sequence[tuple[str, ...]]) -> None:
        """Show lines; none is chosen."""
        self.blockSignals(True)
        self._keys = [line[: self._names] for line in lines]
        self.setRowCount(len(lines))
        for row, line in enumerate(lines):
            for column, text in enumerate(line):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                side = Qt.AlignmentFlag.AlignLeft if column < self._names else Qt.AlignmentFlag.AlignRight
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
        self.setCurrentCell(-1, -1)
        self.blockSignals(False)

    def _choose(self, row: int, *_: int) -> None:
        if 0 <= row < len(self._keys):
            self.chosen.emit(self._keys[row])


def class_lines(comparison: LabelComparison) -> list[tuple[str, ...]]:
    """A line for each class: name, IoU, boundary IoU and pixels in the truth; the worst one first."""
    confusion = comparison.confusion
    iou, totals = confusion.iou, confusion.true_pixels
    order = sorted(range(len(confusion.names)), key=lambda index: (np.isnan(iou[index]), iou[index]))
    return [
        (confusion.names[index], _percent(iou[index]), _percent(comparison.boundary_iou[index]), f"{totals[index]:,}")
        for index in order
        if not np.isnan(iou[index])
    ]


def mistake_lines(comparison: LabelComparison) -> list[tuple[str, ...]]:
    """A line for each mistake: true class, found class, pixels, share of the true class."""
    return [
        (mistake.true, mistake.found, f"{mistake.pixels:,}", _percent(mistake.share))
        for mistake in comparison.mistakes()[:MOST_MISTAKES]
    ]


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.1f} %"
