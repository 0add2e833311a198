"""Search, filter and order of the list of images."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from napari_cliptrase.plugin.widgets.choices import ChoiceCombo
from napari_cliptrase.plugin.widgets.sections import in_row
from napari_cliptrase.project.image_filter import ImageFilter

FILTERS = {
    ImageFilter.ALL: ("All images", "Every image of the folder."),
    ImageFilter.UNFINISHED: ("Unfinished", "Images that are neither done, nor truly empty, nor reviewed."),
    ImageFilter.NEW: ("Never opened", "Images of which nothing was saved."),
    ImageFilter.PRE_ANNOTATED: ("Pre-annotated", "Images in which only a model has written."),
    ImageFilter.EMPTY: ("Empty", "Images whose mask has no labelled pixel, truly empty or not."),
    ImageFilter.FLAGGED: ("Flagged", "Images with a note on what is odd about them."),
    ImageFilter.DISAGREEING: (
        "Disagreeing",
        "Images in which the last model run proposed other labels for at least a twentieth of what people drew.",
    ),
    ImageFilter.DONE: ("To review", "Done or truly empty, and not reviewed yet."),
    ImageFilter.REVIEWED: ("Reviewed", "Images that a second person has accepted."),
}


class ListFilterBar(QWidget):
    """What is shown of the list; ``changed(filter, text, most_uncertain_first)``."""

    changed = Signal(object, str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search names")
        self.search.setToolTip("Show only images whose name, or folder, holds this text.")
        self.search.setClearButtonEnabled(True)
        self.which = ChoiceCombo(FILTERS, "Which images are shown; next and previous stay within these.")
        self.uncertain = QCheckBox("Most uncertain first")
        self.uncertain.setToolTip("The images with the most uncertain model results come first.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.search)
        layout.addLayout(in_row(self.which, self.uncertain))
        self.search.textChanged.connect(self._announce)
        self.which.chosen.connect(self._announce)
        self.uncertain.toggled.connect(self._announce)

    def show_filter(self, which: ImageFilter) -> None:
        """Choose a filter."""
        self.which.value = which
        self._announce()

    def _announce(self, *_: object) -> None:
        self.changed.emit(self.which.value, self.search.text(), self.uncertain.isChecked())
