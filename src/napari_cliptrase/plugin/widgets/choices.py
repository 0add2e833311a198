"""Combo boxes that fit a narrow dock; over a fixed set of choices, with a sentence for each."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Generic, TypeVar

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy, QWidget

_Choice = TypeVar("_Choice", bound=StrEnum)


class NarrowCombo(QComboBox):
    """Never wider than its dock, and not turned by the mouse wheel while the dock is scrolled."""

    def __init__(self, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip(tip)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(4)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: Any) -> None:
        """Leave the wheel to the scroll area unless the box has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceCombo(NarrowCombo, Generic[_Choice]):
    """One of an enum's values; ``chosen(value)`` when the user picks another.

    superqt's ``QEnumComboBox`` shows the names of the members, and has neither titles nor a sentence for each.
    """

    chosen = Signal(object)

    def __init__(self, titles: Mapping[_Choice, tuple[str, str]], tip: str, parent: QWidget | None = None) -> None:
        """``titles``: value -> (title, sentence)."""
        super().__init__(tip, parent)
        self._values = tuple(titles)
        for row, (title, sentence) in enumerate(titles.values()):
            self.addItem(title)
            self.setItemData(row, sentence, Qt.ItemDataRole.ToolTipRole)
        self.activated.connect(lambda row: self.chosen.emit(self._values[row]))

    @property
    def value(self) -> _Choice:
        """The value on show."""
        return self._values[self.currentIndex()]

    @value.setter
    def value(self, value: _Choice) -> None:
        self.setCurrentIndex(self._values.index(value))


class NamedList(NarrowCombo):
    """A list of texts that each stand for a key; ``picked(key)`` when the user picks another."""

    picked = Signal(str)

    def __init__(self, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(tip, parent)
        self.activated.connect(lambda row: self.picked.emit(self.itemData(row)))

    def fill(self, entries: Mapping[str, tuple[str, str]], chosen: str) -> None:
        """Show ``entries``: key -> (text, sentence)."""
        self.clear()
        for row, (key, (text, sentence)) in enumerate(entries.items()):
            self.addItem(text, key)
            self.setItemData(row, sentence, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(max(0, self.findData(chosen)))

    @property
    def key(self) -> str:
        """The key of the entry on show."""
        return str(self.currentData())
