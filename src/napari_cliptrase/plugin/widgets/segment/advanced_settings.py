"""Settings of the method; those that change only the scores take effect at once."""

from typing import Final

from qtpy.QtWidgets import QPushButton, QWidget

from napari_cliptrase.cliptrase.options import Absent, Denoise, Recovery, SynonymMerge, TemplateSet, Vote
from napari_cliptrase.engine.method_choice import MethodChoice, method_choice_of
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.choices import ChoiceCombo
from napari_cliptrase.plugin.widgets.sections import Note
from napari_cliptrase.plugin.widgets.segment.settings_form import SettingsForm, SettingText

RECOVERIES = {
    Recovery.CLIPTRASE: ("CLIPtrase", "Sum of the q·q, k·k and v·v attentions (the default)."),
    Recovery.SC_CLIP: ("SC-CLIP", "Repairs outlying patches; k·k attention and a middle layer's, twice."),
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
TEMPLATE_CHOICES = {
    TemplateSet.FULL: ("80 sentences", "The published protocol: most exact, once per new word."),
    TemplateSet.MEDIUM: ("14 sentences", "About things in a scene."),
    TemplateSet.SHORT: ("7 sentences", "The most useful of the 80."),
    TemplateSet.SINGLE: ("1 sentence", "For a quick look."),
}
MERGES = {
    SynonymMerge.MEAN: ("mean", "One embedding for all words of a class."),
    SynonymMerge.MAX: ("best", "The word that fits best, at each place."),
}
ABSENCES = {
    Absent.OFF: ("compete", "Every class may win pixels (the default)."),
    Absent.PURIFY: (
        "drop (purify)",
        "Drop classes whose probabilities do not hold together, and one of two that claim the same place.",
    ),
    Absent.PEAK: ("drop (peak)", "Drop classes that are nowhere probable."),
}

METHOD_CHOICES = {
    MethodChoice.RECOMMENDED: (
        "recommended",
        "The defaults: a confident pixel keeps its class against the vote of its region.",
    ),
    MethodChoice.PUBLISHED: (
        "as published (CLIPtrase)",
        "Every pixel follows the vote of its region. Needs a new run.",
    ),
}

SCORE_TEXTS: Final = {
    "threshold": SettingText(
        "Minimum", "Pixels whose class is less probable than this become background (0).", lowest="none"
    ),
    "vote": SettingText("Vote", "How the pixels of a region agree on one class.", VOTES),
}
ADVANCED_TEXTS: Final = {
    "recovery": SettingText("Recovery", "How the last attention layer is changed. Needs a new run.", RECOVERIES),
    "denoise": SettingText(
        "Denoise", "How patches that stand for the whole image are kept out. Needs a new run.", DENOISES
    ),
    "templates": SettingText("Sentences", "Sentences that each word is put into.", TEMPLATE_CHOICES),
    "synonym_merge": SettingText("Synonyms", "How the words of one class become one score.", MERGES),
    "protect": SettingText(
        "Keep sure",
        "A pixel whose class leads by more than this keeps it, whatever its region votes for, so that small things "
        "stay. 1 gives every pixel to the vote, as published.",
    ),
    "absent": SettingText("Absent", "What happens to classes that are not in the image.", ABSENCES),
    "absent_threshold": SettingText(
        "Absent to",
        "The figure up to which a class counts as absent; see the notes of a run.",
        lowest="usual",
        slider=True,
    ),
    "ambiguity": SettingText(
        "Same place",
        "How much of their places two classes share when the model looks again and one of them goes; 1 keeps both.",
        lowest="usual",
        slider=True,
    ),
}


class ScoreSettings(SettingsForm):
    """The method in one choice, and what is changed most often after a run: the least probability and the vote."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        self.method = ChoiceCombo(
            METHOD_CHOICES, "All choices of the method at once; the single ones are under Advanced."
        )
        self.method.chosen.connect(lambda choice: setattr(session, "settings", choice.applied(session.settings)))
        self.about_method = Note()
        super().__init__(session, SCORE_TEXTS, parent)
        self.add("Method", self.method)
        self.add("", self.about_method)

    def show_settings(self, settings: Settings) -> None:
        """Show the values; no method when single choices differ from all."""
        super().show_settings(settings)
        choice = method_choice_of(settings)
        if choice is None:
            self.method.setCurrentIndex(-1)
            self.about_method.setText("Single choices under Advanced differ from both methods.")
        else:
            self.method.value = choice
            self.about_method.setText(METHOD_CHOICES[choice][1])


class AdvancedSettings(SettingsForm):
    """Recovery and denoising need a new encoding; the rest does not."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, ADVANCED_TEXTS, parent)
        self.reset = QPushButton("Restore defaults")
        self.reset.setToolTip("Set everything here, the minimum, the vote and the detail back.")
        self.reset.clicked.connect(lambda: setattr(session, "settings", Settings()))
        self.add("", self.reset)

    def show_settings(self, settings: Settings) -> None:
        """Show the values; what has no effect is gray."""
        super().show_settings(settings)
        self.field("protect").enabled = settings.vote is not Vote.OFF
        self.field("absent_threshold").enabled = settings.absent is not Absent.OFF
        self.field("ambiguity").enabled = settings.absent is Absent.PURIFY
