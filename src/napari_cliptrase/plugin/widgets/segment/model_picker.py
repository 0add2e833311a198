"""Which model, on which device; load, download and unload it."""

from dataclasses import replace
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QInputDialog, QPushButton, QWidget

from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.models.catalog import ModelEntry, list_models, readable_size
from napari_cliptrase.plugin.state.preferences import Preferences
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.choices import ChoiceCombo, NamedList
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.sections import Note
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

OTHER_MODEL = "other…"
OTHER_HELP = (
    "Name of a model:\n\n"
    "ViT-B-16/openai   an open_clip architecture and tag\n"
    "hf-hub:organisation/name   from Hugging Face\n"
    "local-dir:/folder   a folder with open_clip_config.json and weights\n"
    "ViT-B-16=/file.pt   an architecture and a checkpoint file"
)

DETAILS = {
    Detail.COARSE: ("Coarse", "Short side 224 pixels: quick, finds large things."),
    Detail.NORMAL: ("Normal", "Short side 336 pixels."),
    Detail.FINE: ("Fine", "Short side 672 pixels in overlapping windows: slower, finds smaller things."),
    Detail.FULL: ("Full", "Every pixel of the image, in overlapping windows: for slides and other large images."),
}
DEVICES = {
    "auto": ("Automatic", "A graphics card if there is one that works, else the processor."),
    "cpu": ("CPU", "The processor."),
    "cuda": ("CUDA", "An NVIDIA graphics card."),
    "mps": ("MPS", "The graphics of an Apple computer."),
}


class ModelPicker(QWidget):
    """Shows what the session has chosen, at first what the preferences say.

    Signals: ``load_requested``, ``unload_requested``, ``changed`` (model or device).
    """

    load_requested = Signal()
    unload_requested = Signal()
    changed = Signal()

    def __init__(self, session: Session, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        before = session.model_choice or ModelChoice(preferences.model, preferences.device, preferences.precision)
        self._precision = before.precision
        self._others: list[str] = []
        self.model = NamedList("The CLIP model. Its state is behind its name; Run downloads a missing model.")
        self.device = NamedList("Where the model runs.")
        self.device.fill(DEVICES, before.device)
        self.detail = ChoiceCombo(
            DETAILS, "The resolution of the model's view; finer finds smaller objects and takes longer."
        )
        self.load = QPushButton("Load")
        self.load.setToolTip("Load the model now, and download it first if necessary; Run does this as well.")
        self.unload = QPushButton("Unload")
        self.unload.setToolTip("Free the memory of the model and of all encodings.")
        self.state = Note()
        form = Form(self)
        form.add("Model", self.model, self.load, self.unload, stretch=0)
        form.add("Detail", self.detail, self.device)
        form.addRow(self.state)
        self.model.picked.connect(self._on_model)
        self.device.picked.connect(lambda _: self.changed.emit())
        self.detail.chosen.connect(
            lambda detail: setattr(session, "settings", replace(session.settings, detail=detail))
        )
        connect_weakly(session.settings_changed, self._on_settings)
        self._on_settings(session.settings)
        self.load.clicked.connect(self.load_requested)
        self.unload.clicked.connect(self.unload_requested)
        connect_weakly(session.model_changed, self._on_loaded)
        self.choose(before.name)
        self._on_loaded(session.model)
        session.model_choice = self.choice()
        self.changed.connect(lambda: setattr(session, "model_choice", self.choice()))

    def choice(self) -> ModelChoice:
        """What is chosen."""
        return ModelChoice(self.model.key, self.device.key, self._precision)

    def choose(self, name: str) -> None:
        """Choose a model by its name, listed or not."""
        if name not in {entry.name for entry in list_models("clip")} and name not in self._others:
            self._others.append(name)
        self.refresh(name)
        self.changed.emit()

    def refresh(self, chosen: str | None = None) -> None:
        """Look at the disk again: what is cached, what has to be downloaded."""
        entries = {entry.name: (_title(entry), entry.note) for entry in list_models("clip")}
        entries |= {name: (name, "Chosen by name.") for name in self._others}
        entries[OTHER_MODEL] = ("Other…", "Any open_clip model by name, from a folder or a file.")
        self.model.fill(entries, chosen or self.model.key)
        self._show_buttons()

    def _on_model(self, name: str) -> None:
        if name == OTHER_MODEL:
            other, fine = QInputDialog.getText(self, "Other model", OTHER_HELP)
            if fine and other.strip():
                self.choose(other.strip())
                return
            self.model.setCurrentIndex(0)
        self._show_buttons()
        self.changed.emit()

    def _on_settings(self, settings: Settings) -> None:
        self.detail.value = settings.detail

    def _on_loaded(self, model: Any) -> None:
        self.state.show_text("" if model is None else f"Loaded {model.name}: {model.notes[0]}" if model.notes else "")
        if model is not None:
            self.refresh()
        self._show_buttons()

    def _show_buttons(self) -> None:
        missing = any(entry.name == self.model.key and entry.state == "to download" for entry in list_models("clip"))
        loaded = self._session.model
        self.unload.setVisible(loaded is not None)
        self.load.setText("Download" if missing else "Load")
        self.load.setVisible(loaded is None or loaded.name != self.model.key)


def _title(entry: ModelEntry) -> str:
    return f"{entry.title} — {entry.state}, {readable_size(entry.size_bytes)}" if entry.size_bytes else entry.title
