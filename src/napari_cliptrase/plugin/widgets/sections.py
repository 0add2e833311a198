"""Small pieces that the docks share: headings, texts that wrap, sections that open, buttons in a row."""

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

NARROWEST = 260
"""Width in pixels that every dock must fit without sideways scrolling."""


class Note(QLabel):
    """A text of any length that wraps and never makes its dock wider."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:
        """Qt: words may be cut rather than the dock widened; the height is what the text needs."""
        width = max(self.width(), NARROWEST)
        return QSize(0, self.heightForWidth(width))

    def show_text(self, text: str) -> None:
        """Show a text, or nothing and no gap."""
        self.setText(text)
        self.setVisible(bool(text))
        self.updateGeometry()


class _NoteText(Note):
    """The text in a scroll area, which asks for its height at its own width."""

    def minimumSizeHint(self) -> QSize:
        """Qt: nothing beyond the height for the width."""
        return QSize(0, 0)


class LongNote(QScrollArea):
    """A note that scrolls where it is longer than a few lines, so that it pushes nothing below it out of sight."""

    def __init__(self, lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = _NoteText()
        self._note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._lines = lines
        self.setWidget(self._note)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.show_text("")

    def text(self) -> str:
        """The whole text."""
        return self._note.text()

    def show_text(self, text: str) -> None:
        """Show a text, or nothing and no gap."""
        self._note.show_text(text)
        self.setVisible(bool(text))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: a narrower text is a higher one."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Qt: another theme may have another font."""
        super().changeEvent(event)
        if self.widget() is not None:
            self._fit()

    def _fit(self) -> None:
        height = self._note.heightForWidth(max(self.width(), NARROWEST))
        most = self._lines * self.fontMetrics().lineSpacing()
        policy = Qt.ScrollBarPolicy  # Qt itself keeps a bar that is no longer needed
        self.setVerticalScrollBarPolicy(policy.ScrollBarAsNeeded if height > most else policy.ScrollBarAlwaysOff)
        self.setFixedHeight(max(1, min(height, most)))


class Section(QWidget):
    """A heading that opens and closes what is below it.

    superqt's ``QCollapsible`` keeps the height at which it was opened, which cuts off texts that grow, and napari's
    theme draws its heading as a pressed button, with 25 pixels of empty space around it.
    """

    def __init__(self, title: str, content: QWidget, *, open_: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = QToolButton()
        self._heading.setText(title)
        self._heading.setCheckable(True)
        self._heading.setToolTip(f"Show or hide: {title}")
        self._heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._heading.setAutoRaise(True)
        self._heading.toggled.connect(self._open)
        self._content = content
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._heading)
        layout.addWidget(content)
        self._heading.setChecked(open_)
        self._open(open_)

    @property
    def is_open(self) -> bool:
        """Whether the content is shown."""
        return self._heading.isChecked()

    @is_open.setter
    def is_open(self, opened: bool) -> None:
        self._heading.setChecked(opened)

    def _open(self, opened: bool) -> None:
        self._heading.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self._content.setVisible(opened)


def scrolling(content: QWidget) -> QScrollArea:
    """Return a widget in an area that scrolls up and down, never sideways."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    return area


def heading(text: str) -> QLabel:
    """Return a heading in bold."""
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def in_row(*widgets: QWidget, stretch: int = 0) -> QHBoxLayout:
    """Return a row of widgets, of which the one with number ``stretch`` takes the room that is left."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    for number, widget in enumerate(widgets):
        row.addWidget(widget, int(number == stretch))
    return row
