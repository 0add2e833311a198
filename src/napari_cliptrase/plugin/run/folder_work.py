"""All actions on a folder of images in one viewer: open, close, next image, finish, flag, review.

    open folder -> Project (in a thread) -> classes, model, settings into the session -> the image that was on show last
    image       -> ImageVisits: read, layers           ImageAhead: the next ones, read and segmented
    stroke      -> MaskSaver: joined, handed over       Autosave: written

Every change of the project goes through the saving thread, after earlier strokes, so that the order
stays. The dock shows `FolderState` and calls this; closing the dock changes nothing here.
"""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils import notifications
from psygnal import Signal

from napari_cliptrase.batch.image_work import RunSetup
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.settings import Settings, SettingsError
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.models.catalog import find_entry
from napari_cliptrase.plugin.run.image_visits import ImageVisits
from napari_cliptrase.plugin.run.mask_saver import MaskSaver
from napari_cliptrase.plugin.run.segmentation import SegmentationRunner
from napari_cliptrase.plugin.run.side_thread import SideThread, Task
from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.state.preferences import preferences
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import Progress
from napari_cliptrase.project.image_blocked import Remedy
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project

if TYPE_CHECKING:
    from napari_cliptrase.plugin.run.image_ahead import ImageAhead


@dataclass(frozen=True)
class NewProject:
    """How a folder becomes a project: with folders below it or not, and with which images."""

    recursive: bool = True
    patterns: tuple[str, ...] = ()


class FolderWork:
    """The folder of one viewer.

    Signals: ``failed(CliptraseError)`` when an action was not possible.
    """

    failed = Signal(object)

    def __init__(
        self,
        session: Session,
        state: FolderState,
        runner: SegmentationRunner,
        saver: MaskSaver,
        ahead: "ImageAhead",
        visits: ImageVisits,
    ) -> None:
        self._session = session
        self._runner = runner
        self._ahead = ahead
        self.state = state
        self.saver = saver
        self.visits = visits
        self._thread = SideThread("folder")
        self._task: Task | None = None
        self._taking_over = False
        session.prompts_changed.connect(self._on_prompts)
        session.settings_changed.connect(self._on_setup)
        session.model_changed.connect(self._on_setup)
        state.pre_annotating_changed.connect(self._on_setup)
        ahead.failed.connect(self._fail)

    # -- the folder ---------------------------------------------------------------------------------------------------

    def open(self, folder: str | Path, new: NewProject | None = None, *, take_over: bool = False) -> None:
        """Open the project of a folder; with ``new``, make one where there is none."""

        def steps() -> Generator[Progress, None, Project]:
            yield Progress(0, 0, f"Opening {folder}")
            if new is not None and not Project.is_project(folder):
                prompts = self._session.prompts
                return Project.create(
                    folder, prompts if prompts.classes else None, recursive=new.recursive, patterns=new.patterns
                )
            return Project.open(folder, take_over=take_over)

        self.close()
        if self._task is not None:
            self._task.cancel()
        self._task = self._thread.start(steps, self._use, self._fail)

    def close(self) -> None:
        """Save everything and close the folder, without a question."""
        project = self.state.project
        if project is None:
            return
        self.visits.leave()
        self._ahead.end()
        self.saver.later(project.close)  # the right to write is given back when all is saved, which may be later
        problem = self.saver.end().problem
        if problem is not None:
            notifications.show_warning(problem)
        self.state.project = None

    @property
    def idle(self) -> bool:
        """Whether nothing is being opened, prepared or saved."""
        return self._thread.idle and self.visits.idle and self._ahead.idle and self.saver.idle

    def stop(self) -> None:
        """Close the folder and end all threads: the program ends, or its window does."""
        self.close()
        self.visits.stop()
        self._ahead.stop()
        self._thread.stop()

    def _use(self, project: Project) -> None:
        session = self._session
        self._task = None
        self.saver.begin(project)
        self._ahead.begin(project)
        self._taking_over = True
        try:
            if project.prompts.classes or not session.prompts.classes:
                session.prompts = project.prompts
            self._take_settings(project)
        finally:
            self._taking_over = False
        self.state.project = project
        self._on_prompts(session.prompts)
        self._on_setup()
        for note in project.notes:
            notifications.show_info(note)
        name = project.last_image or self.state.next_unfinished() or self.state.neighbour(1)
        if name is not None:
            self.visits.go(name)

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

    # -- going on -----------------------------------------------------------------------------------------------------

    def go(self, name: str) -> None:
        """Go to an image."""
        self.visits.go(name)

    def step(self, places: int) -> None:
        """Go to the next or the previous image of the list."""
        self._go(self.state.neighbour(places), "That was the last image of the list." if places > 0 else "")

    def next_unfinished(self) -> None:
        """Go to the next unfinished image."""
        self._go(self.state.next_unfinished(), "All images of the list are finished.")

    def _go(self, name: str | None, otherwise: str) -> None:
        if name is not None:
            self.visits.go(name)
        elif otherwise:
            notifications.show_info(otherwise)

    # -- states -------------------------------------------------------------------------------------------------------

    def mark(self, state: State, *, go_on: bool = False) -> None:
        """Set the state of the shown image; ``go_on`` opens the next one, an unfinished one unless in review."""
        name = self.state.shown
        project = self.state.project
        if name is None or project is None or not self._writable():
            return
        if state is State.EMPTY and self.saver.labelled:
            self._fail(
                CliptraseError(f"{name} has labelled pixels, so it is not truly empty; erase them, or mark it as done.")
            )
            return
        following = self.state.neighbour(1) if self.state.reviewing else self.state.next_unfinished()
        self.saver.later(lambda: project.set_state(name, state), name)
        if go_on:
            self._go(following, "That was the last one.")
        if state is State.REVIEWED and (not go_on or following is None):
            self.saver.then(self.visits.reopen)

    def flag(self, note: str | None, name: str | None = None) -> None:
        """Flag an image, that on show by default, with a note; None removes the flag."""
        name = name or self.state.place
        project = self.state.project
        if name is None or project is None or not self._writable():
            return
        if note is None:
            self.saver.later(lambda: project.unflag(name), name)
        else:
            self.saver.later(lambda: project.flag(name, note), name)

    def resolve(self, remedy: Remedy) -> None:
        """Apply a remedy to the image that is blocked, and open it."""
        blocked, project = self.state.blocked, self.state.project
        if blocked is None or project is None:
            return
        name = blocked.name

        def steps() -> Generator[Progress, None, None]:
            yield Progress(0, 0, f"Opening {name}")
            project.resolve(name, remedy)

        def done(_nothing: None) -> None:
            self.state.record_changed.emit(name)
            self.state.blocked = None
            self.visits.go(name)

        self._thread.start(steps, done, self._fail)

    def change(
        self,
        steps: Callable[[Project], Generator[Progress, None, object]],
        done: Callable[[], object],
        on_progress: Callable[[Progress], object] = lambda _progress: None,
    ) -> None:
        """Change the project as a whole: the shown image is closed, changed with all others, and opened again.

        ``steps`` and ``on_progress`` are called in a thread, ``done`` in the GUI thread, also after a failure.
        """
        project, place = self.state.project, self.state.place
        if project is None or not self._writable():
            done()
            return
        self.visits.leave()

        def work() -> Generator[Progress, None, None]:
            yield Progress(0, 0, "Saving")
            problem = self.saver.flush_files().problem
            if problem is not None:
                raise CliptraseError(f"The classes were not changed, since something is not saved yet. {problem}")
            for progress in steps(project):
                on_progress(progress)
                yield progress

        def ended() -> None:
            if self.state.project is project:
                self._taking_over = True
                try:
                    self._session.prompts = project.prompts
                finally:
                    self._taking_over = False
                self.state.records_changed.emit()
                self._on_setup()
                if place is not None:
                    self.visits.go(place)
            done()

        def failed(error: CliptraseError) -> None:
            self._fail(error)
            ended()

        self._thread.start(work, lambda _: ended(), failed)

    def _writable(self) -> bool:
        if not self.state.writable:
            self._fail(CliptraseError("The folder is open for reading only, so nothing can be marked."))
        return self.state.writable

    def _fail(self, error: CliptraseError) -> None:
        notifications.show_warning(str(error))
        self.failed.emit(error)

    # -- classes, model and settings ----------------------------------------------------------------------------------

    def _setup(self) -> RunSetup | None:
        """Return the setup of the model; None when it is switched off, or would have to be downloaded."""
        session, state = self._session, self.state
        choice = session.model_choice
        if not (state.writable and state.pre_annotating and session.prompts.classes) or choice is None:
            return None
        entry = find_entry(choice.name, "clip")
        if entry is not None and entry.state == "to download":
            return None
        return RunSetup(session.prompts, session.settings, choice.name, choice.device, choice.precision)

    def _on_setup(self, _new: object = None) -> None:
        self._ahead.ask(self._setup())
        project, session = self.state.project, self._session
        if project is None or not self.state.writable or self._taking_over or session.model_choice is None:
            return
        model, settings = session.model_choice.name, json.loads(session.settings.to_json())
        if (model, settings) != (project.info.model, dict(project.info.settings)):
            self.saver.later(lambda: project.configure(model=model, settings=settings))

    def _on_prompts(self, prompts: PromptSet) -> None:
        """Keep the project's classes in line with those of the session."""
        project = self.state.project
        if project is None or self._taking_over:
            return
        if self.state.writable and prompts != project.prompts:
            used = project.used_classes(set(project.prompts.ids) - set(prompts.ids))
            if used:
                self._bring_back(project, prompts, used)
                return
            self.saver.later(lambda: project.set_prompts(prompts))
            self.saver.then(self.state.classes_changed.emit)
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
