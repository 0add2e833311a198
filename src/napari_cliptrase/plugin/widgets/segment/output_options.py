"""Which layers a run writes, and what it may overwrite."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import Extra
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.choices import ChoiceCombo
from napari_cliptrase.plugin.widgets.forms import Form

OUTPUTS = {
    Output.CLASSES: ("One layer per class", "A label layer for each class that has pixels."),
    Output.COMBINED: ("One layer for all classes", "A single label layer; each class has its number."),
    Output.BOTH: ("Both", "Class layers, and one with all classes."),
}
MODES = {
    MergeMode.KEEP_EDITS: ("Keep hand edits", "A run changes everything but what you changed by hand (the default)."),
    MergeMode.FILL_EMPTY: ("Fill empty pixels only", "A run changes only pixels that have no label yet."),
    MergeMode.REPLACE: ("Replace everything", "A run overwrites hand edits, too; locked classes stay."),
}


class OutputOptions(QWidget):
    """Choices take effect with the next run; the layers beside the labels appear and disappear at once.

    Signals: ``extras_chosen(extras)``.
    """

    extras_chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.output = ChoiceCombo(OUTPUTS, "Which label layers are written.")
        self.mode = ChoiceCombo(MODES, "What a run may overwrite.")
        self.scores = QCheckBox("Scores")
        self.scores.setToolTip("Also add an image layer with the probability of each class.")
        self.margin = QCheckBox("Doubt")
        self.margin.setToolTip("Also show an image layer that is bright where two classes are close.")
        self.regions = QCheckBox("Regions")
        self.regions.setToolTip("Also add a label layer with the regions that CLIPtrase found.")
        form = Form(self)
        form.add("Layers", self.output)
        form.add("New runs", self.mode)
        form.add("Also", self.scores, self.margin, self.regions, stretch=2)
        self._boxes = {Extra.SCORES: self.scores, Extra.MARGIN: self.margin, Extra.REGIONS: self.regions}
        for box in self._boxes.values():
            box.toggled.connect(lambda _on: self.extras_chosen.emit(self.extras()))
        self.output.value, self.mode.value = session.output, session.merge_mode
        self.output.chosen.connect(lambda value: setattr(session, "output", value))
        self.mode.chosen.connect(lambda value: setattr(session, "merge_mode", value))

    def extras(self) -> frozenset[Extra]:
        """Which layers beside the labels are shown."""
        return frozenset(extra for extra, box in self._boxes.items() if box.isChecked())
