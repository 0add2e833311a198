"""Keeps classes, model and settings of the session and of the project in line, and tells the model that works ahead."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from qtpy.QtCore import QTimer

from napari_cliptrase.batch.image_work import RunSetup
from napari_cliptrase.batch.remembered_refinement import remembered_refinement
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.settings import Settings, SettingsError
from napari_cliptrase.errors import CliptraseError, ProjectError
from napari_cliptrase.models.catalog import find_entry
from napari_cliptrase.plugin.run.mask_saver import MaskSaver
from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.state.preferences import preferences
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.project.project import Project

if TYPE_CHECKING:
    from napari_cliptrase.plugin.run.image_ahead import ImageAhead

PAUSE: Final = 1000
"""Milliseconds without a stroke before the images ahead are scored with what the strokes taught."""


class SessionProject:
    """What the session and the project of a folder have in common.

    A project that is opened gives its values to the session; from then on, what is chosen in the session is written
    into the project. ``fail`` tells the user what was refused.
    """

    def __init__(
        self,
        session: Session,
        state: FolderState,
        saver: MaskSaver,
        ahead: "ImageAhead",
        fail: Callable[[CliptraseError], object],
    ) -> None:
        self._session = session
        self._state = state
        self._saver = saver
        self._ahead = ahead
        self._fail = fail
        self._taking_over = False
        session.prompts_changed.connect(self._on_prompts)
        session.settings_changed.connect(self._on_setup)
        session.model_changed.connect(self._on_setup)
        state.pre_annotating_changed.connect(self._on_setup)
        session.examples.changed.connect(self._on_setup)
        self._pause = QTimer()
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._on_setup)
        session.examples.taught.connect(lambda: self._pause.start())  # psygnal wants a signature

    @property
    def idle(self) -> bool:
        """Whether nothing that strokes taught waits to be used."""
        return not self._pause.isActive()

    def take_over(self, project: Project) -> None:
        """Give the session what the project says."""
        self._taking_over = True
        try:
            if project.prompts.classes or not self._session.prompts.classes:
                self._session.prompts = project.prompts
            self._take_settings(project)
        finally:
            self._taking_over = False

    def take_prompts(self, project: Project) -> None:
        """Give the session the classes of the project alone."""
        self._taking_over = True
        try:
            self._session.prompts = project.prompts
        finally:
            self._taking_over = False

    def write(self) -> None:
        """Write what the session says into the project, and ask it of the model that works ahead."""
        self._on_prompts(self._session.prompts)
        self._on_setup()

    def _take_settings(self, project: Project) -> None:
        session = self._session
        if project.info.settings:
            try:
                session.settings = Settings.from_json(json.dumps(dict(project.info.settings)))
            except SettingsError as error:
                self._fail(CliptraseError(f"The settings of {project.paths.project_file} cannot be used: {error}"))
        defaults = preferences()
        choice = session.model_choice or ModelChoice(defaults.model, defaults.device, defaults.precision)
        session.model_choice = ModelChoice(project.info.model or choice.name, choice.device, choice.precision)

    def _setup(self) -> RunSetup | None:
        """Return the setup of the model; None when it is switched off, or would have to be downloaded."""
        session, state = self._session, self._state
        choice, project = session.model_choice, state.project
        if not (state.writable and state.pre_annotating and session.prompts.classes):
            return None
        if choice is None or project is None:
            return None
        try:
            refine = remembered_refinement(project)
        except ProjectError as error:
            self._fail(error)
            return None
        sam = project.info.sam or "demo"
        if _to_download(choice.name, "clip") or (refine is not None and refine.needs_sam and _to_download(sam, "sam")):
            return None
        model, encoder = self._ahead.model_of(choice), session.settings.encode_key()
        return RunSetup(
            session.prompts,
            session.settings,
            choice.name,
            choice.device,
            choice.precision,
            refine,
            sam,
            None if model is None else session.examples.in_use(model.fingerprint, encoder),
        )

    def _on_setup(self, _new: object = None) -> None:
        self._ahead.ask(self._setup())
        project, session = self._state.project, self._session
        if project is None or not self._state.writable or self._taking_over or session.model_choice is None:
            return
        model, settings = session.model_choice.name, json.loads(session.settings.to_json())
        if (model, settings) != (project.info.model, dict(project.info.settings)):
            self._saver.later(lambda: project.configure(model=model, settings=settings))

    def _on_prompts(self, prompts: PromptSet) -> None:
        """Keep the project's classes in line with those of the session."""
        project = self._state.project
        if project is None or self._taking_over:
            return
        if self._state.writable and prompts != project.prompts:
            used = project.used_classes(set(project.prompts.ids) - set(prompts.ids))
            if used:
                self._bring_back(project, prompts, used)
                return
            self._saver.later(lambda: project.set_prompts(prompts))
            self._saver.then(self._state.classes_changed.emit)
        self._on_setup()

    def _bring_back(self, project: Project, prompts: PromptSet, used: dict[int, str]) -> None:
        """Refuse to drop classes that have pixels: their masks would hold numbers without a meaning."""
        gone = [entry for entry in project.prompts if entry.id in used]
        names = ", ".join(repr(entry.name) for entry in gone)
        self._session.prompts = replace(prompts, classes=(*prompts.classes, *gone))
        self._fail(
            CliptraseError(
                f"{names} cannot be removed: it has pixels in {used[gone[0].id]}. Delete or merge it in all images "
                "under Annotate folder ▸ Classes of all images."
            )
        )


def _to_download(name: str, kind: Literal["clip", "sam"]) -> bool:
    entry = find_entry(name, kind)
    return entry is not None and entry.state == "to download"
