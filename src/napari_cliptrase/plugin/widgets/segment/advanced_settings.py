"""Settings for those who know the method; what only changes the scores takes effect at once."""

from dataclasses import replace
from typing import Any

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QDoubleSpinBox, QPushButton, QWidget

from napari_cliptrase.cliptrase.options import Denoise, Recovery, SynonymMerge, TemplateSet, Vote
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.choices import ChoiceCombo
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

RECOVERIES = {
    Recovery.CLIPTRASE: ("CLIPtrase", "Sum of the q·q, k·k and v·v attentions (the default)."),
    Recovery.SC_CLIP: ("SC-CLIP", "Odd patches mended; k·k attention and a middle layer's, twice."),
    Recovery.SCLIP: ("SCLIP", "Sum of the q·q and k·k attentions."),
    Recovery.CLEARCLIP: ("ClearCLIP", "q·q attention alone, no residual, no MLP."),
    Recovery.NACLIP: ("NACLIP", "k·k attention with a Gaussian around each patch."),
    Recovery.MASKCLIP: ("MaskCLIP", "Each patch keeps its own value."),
    Recovery.VANILLA: ("none (plain CLIP)", "CLIP as it was trained, to compare with."),
}
DENOISES = {
    Denoise.CLS_SUBTRACT: ("subtract [CLS]", "Lower each patch by its likeness to the whole image (the default)."),
    Denoise.CLUSTER_REJECT: ("reject a cluster", "Drop the region that is most like the whole image."),
    Denoise.NONE: ("none", "Leave the correlation as it is."),
}
VOTES = {
    Vote.HARD: ("majority", "A region gets the class of most of its pixels (published); small classes may vanish."),
    Vote.SOFT: ("mean score", "A region gets the class with the highest mean score."),
    Vote.OFF: ("off", "Every pixel keeps its own class: softer shapes, more speckles."),
}
TEMPLATES = {
    TemplateSet.FULL: ("80 sentences", "The published protocol: most exact, once per new word."),
    TemplateSet.MEDIUM: ("14 sentences", "About things in a scene."),
    TemplateSet.SHORT: ("7 sentences", "The most useful of the 80."),
    TemplateSet.SINGLE: ("1 sentence", "For a quick look."),
}
MERGES = {
    SynonymMerge.MEAN: ("mean", "One embedding for all words of a class."),
    SynonymMerge.MAX: ("best", "The word that fits best, at each place."),
}


class ScoreSettings(QWidget):
    """What is changed most often after a run: the least probability and the vote."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.threshold = QDoubleSpinBox()
        self.threshold.setRange(0, 1)
        self.threshold.setSingleStep(0.05)
        self.threshold.setSpecialValueText("none")
        self.threshold.setToolTip("Pixels whose class is less probable than this become background (0).")
        self.threshold.valueChanged.connect(lambda value: _change(session, threshold=value))
        self.vote = ChoiceCombo(VOTES, "How the pixels of a region agree on one class.")
        self.vote.chosen.connect(lambda value: _change(session, vote=value))
        form = Form(self)
        form.add("Minimum", self.threshold)
        form.add("Vote", self.vote)
        connect_weakly(session.settings_changed, self._show)
        self._show(session.settings)

    def _show(self, settings: Settings) -> None:
        with QSignalBlocker(self.threshold):
            self.threshold.setValue(settings.threshold)
        self.vote.value = settings.vote


class AdvancedSettings(QWidget):
    """Recovery and denoising need a new encoding; the rest does not."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.recovery = ChoiceCombo(RECOVERIES, "How the last attention layer is changed. Needs a new run.")
        self.recovery.chosen.connect(lambda value: _change(session, recovery=value))
        self.denoise = ChoiceCombo(
            DENOISES, "How patches that stand for the whole image are kept out. Needs a new run."
        )
        self.denoise.chosen.connect(lambda value: _change(session, denoise=value))
        self.templates = ChoiceCombo(TEMPLATES, "Sentences that each word is put into.")
        self.templates.chosen.connect(lambda value: _change(session, templates=value))
        self.merge = ChoiceCombo(MERGES, "How the words of one class become one score.")
        self.merge.chosen.connect(lambda value: _change(session, synonym_merge=value))
        self.protect = QDoubleSpinBox()
        self.protect.setRange(0, 1)
        self.protect.setSingleStep(0.05)
        self.protect.setToolTip(
            "A pixel whose class leads by more than this keeps it, whatever its region votes for, so that small things "
            "stay. 1 gives every pixel to the vote, as published."
        )
        self.protect.valueChanged.connect(lambda value: _change(session, protect=value))
        self.reset = QPushButton("Restore defaults")
        self.reset.setToolTip("Set everything here, the minimum, the vote and the detail back.")
        self.reset.clicked.connect(lambda: setattr(session, "settings", Settings()))
        form = Form(self)
        form.add("Recovery", self.recovery)
        form.add("Denoise", self.denoise)
        form.add("Sentences", self.templates)
        form.add("Synonyms", self.merge)
        form.add("Keep sure", self.protect)
        form.add("", self.reset)
        connect_weakly(session.settings_changed, self._show)
        self._show(session.settings)

    def _show(self, settings: Settings) -> None:
        self.recovery.value = settings.recovery
        self.denoise.value = settings.denoise
        self.templates.value = settings.templates
        self.merge.value = settings.synonym_merge
        with QSignalBlocker(self.protect):
            self.protect.setValue(settings.protect)
        self.protect.setEnabled(settings.vote is not Vote.OFF)


def _change(session: Session, **changes: Any) -> None:
    session.settings = replace(session.settings, **changes)
