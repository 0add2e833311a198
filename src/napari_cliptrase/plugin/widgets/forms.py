"""Forms whose labels line up from one to the next."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QWidget

LABEL_WIDTH = 76
DOCK_WIDTH = 400
"""Of a dock before the user changes it."""


class Form(QFormLayout):
    """Labels of one width on the left, fields that take the rest."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 0, 0, 0)
        self.setVerticalSpacing(4)
        self.setHorizontalSpacing(6)
        self.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def add(self, title: str, *fields: QWidget, stretch: int | None = None) -> None:
        """Add a row; of several fields the one with number ``stretch`` takes the room, or all share it."""
        label = QLabel(title)
        label.setMinimumWidth(LABEL_WIDTH)
        label.setToolTip(fields[0].toolTip())
        if len(fields) == 1:
            self.addRow(label, fields[0])
            return
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for number, field in enumerate(fields):
            row.addWidget(field, int(stretch is None or number == stretch))
        self.addRow(label, row)
