"""The window behind every Help button: keys and clicks, tool by tool."""

from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from napari_cliptrase.plugin.tools.keys import by_place


class CheatSheet(QDialog):
    """Lists all keys; stays open beside the work."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and clicks")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = QLabel(sheet_html())
        text.setTextFormat(Qt.TextFormat.RichText)
        text.setAlignment(Qt.AlignmentFlag.AlignTop)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(text)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(area)
        layout.addWidget(buttons)
        self.resize(text.sizeHint().width() + 60, min(text.sizeHint().height() + 80, 640))


def sheet_html() -> str:
    """Return the sheet as rich text."""
    rows = []
    for place, actions in by_place():
        rows.append(f"<tr><td colspan=2 style='padding-top: 10px'><b>{escape(place)}</b></td></tr>")
        rows.extend(
            f"<tr><td style='padding-right: 18px'>{escape(action.keys)}</td><td>{escape(action.does)}</td></tr>"
            for action in actions
        )
    return f"<table cellspacing=2>{''.join(rows)}</table>"
