"""All actions on a folder of images in one viewer: open, close, next image, finish, flag, review.

    open folder -> Project (in a thread) -> classes, model, settings into the session -> the image that was on show last
    image       -> ImageVisits: read, layers           ImageAhead: the next ones, read and segmented
    stroke      -> MaskSaver: joined, handed over       Autosave: written

Every change of the project goes through the saving thread, after earlier strokes, so that the order
stays. The dock shows `FolderState` and calls this; closing the dock changes nothing here.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils import notifications
from psygnal import Signal

from napari_cliptrase.batch.report import write_report_steps
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.image_visits import ImageVisits
from napari_cliptrase.plugin.run.mask_saver import MaskSaver
from napari_cliptrase.plugin.run.session_project import SessionProject
from napari_cliptrase.plugin.run.side_thread import SideThread, Task
from napari_cliptrase.plugin.state.folder_state import FolderState
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

    Signals: ``failed(CliptraseError)`` when an action was not possible; ``closing()`` while the folder can still be
    saved.
    """

    failed = Signal(object)
    closing = Signal()

    def __init__(
        self,
        session: Session,
        state: FolderState,
        saver: MaskSaver,
        ahead: "ImageAhead",
        visits: ImageVisits,
    ) -> None:
        self._session = session
        self._ahead = ahead
        self.state = state
        self.saver = saver
        self.visits = visits
        self._thread = SideThread("folder")
        self._reporting = SideThread("report")
        self._report: Task | None = None
        self._task: Task | None = None
        self._agreement = SessionProject(session, state, saver, ahead, self._fail)
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
        if self._report is not None:
            self._report.cancel()
        self.visits.leave()
        self._ahead.end()
        self.closing.emit()
        self.saver.later(project.close)  # the lock is released when all is saved, which may be later
        problem = self.saver.end()
        if problem is not None:
            notifications.show_warning(problem)
        self.state.project = None

    @property
    def idle(self) -> bool:
        """Whether nothing is being opened, prepared or saved."""
        return all(
            part.idle for part in (self._thread, self._reporting, self.visits, self._agreement, self._ahead, self.saver)
        )

    def stop(self) -> None:
        """Close the folder and end all threads: the program ends, or its window does."""
        self.close()
        self.visits.stop()
        self._ahead.stop()
        self._thread.stop()
        self._reporting.stop()

    def _use(self, project: Project) -> None:
        self._task = None
        self.saver.begin(project)
        self._ahead.begin(project)
        self._agreement.take_over(project)
        self.state.project = project
        self._agreement.write()
        for note in project.notes:
            notifications.show_info(note)
        name = project.last_image or self.state.next_unfinished() or self.state.neighbour(1)
        if name is not None:
            self.visits.go(name)

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
        elif self.state.project is not None and not self.state.order:
            notifications.show_info("No image fits the search and the filter of the list, so there is none to go to.")
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
                self._agreement.take_prompts(project)
                self.state.records_changed.emit()
                self._agreement.write()
                if place is not None:
                    self.visits.go(place)
            done()

        def failed(error: CliptraseError) -> None:
            self._fail(error)
            ended()

        self._thread.start(work, lambda _: ended(), failed)

    def write_report(self, done: Callable[[Path], object]) -> None:
        """Write the report of the folder as it is now, beside the window; ``done`` is given its place."""
        project = self.state.project
        if project is None:
            return

        def steps() -> Generator[Progress, None, Path]:
            try:
                return (yield from write_report_steps(project))
            except OSError as error:
                reason = error.strerror or str(error)
                raise CliptraseError(f"The report cannot be written into {project.paths.folder}: {reason}.") from error

        notifications.show_info("The report is being written. It is opened when it is ready.")
        self._report = self._reporting.start(steps, done, self._fail)

    def _writable(self) -> bool:
        if not self.state.writable:
            self._fail(CliptraseError("The folder is open for reading only, so nothing can be marked."))
        return self.state.writable

    def _fail(self, error: CliptraseError) -> None:
        notifications.show_warning(str(error))
        self.failed.emit(error)
