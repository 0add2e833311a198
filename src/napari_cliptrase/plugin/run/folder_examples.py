"""Examples of a folder of images: read when it is opened, saved soon after each lesson, for all its images.

While a folder is open, learning is on and writes at once; what the session had before comes back when it is closed. An
image that only a model has written to follows the examples when it is opened. All others wait for a stroke: a finished
image must not change because somebody looks at it.
"""

from napari.utils import notifications
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.plugin.run.edit_learner import EditLearner
from napari_cliptrase.plugin.run.folder_work import FolderWork
from napari_cliptrase.plugin.run.segmentation import SegmentationRunner
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.taught_files import read_taught, write_taught

SAVE_DELAY = 1000
"""Milliseconds after a lesson before examples are saved."""


class FolderExamples:
    """Keeps the examples of the open folder. Signal: ``read(project)`` when its examples are the session's."""

    read = Signal(object)

    def __init__(self, session: Session, folder: FolderWork, learner: EditLearner, runner: SegmentationRunner) -> None:
        self._session = session
        self._folder = folder
        self._learner = learner
        self._runner = runner
        self._project: Project | None = None
        self._saved: tuple[LessonMemory, ...] = ()
        self._before: tuple[tuple[LessonMemory, ...], bool, bool] = ((), False, False)
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_DELAY)
        self._timer.timeout.connect(self.save)
        folder.state.project_changed.connect(self._on_project)
        folder.closing.connect(self._on_closing)
        session.examples.taught.connect(self._save_soon)
        session.examples.changed.connect(self._save_soon)
        runner.taken_up.connect(self._on_taken_up)

    def save(self) -> None:
        """Save what was taught since the last time."""
        self._timer.stop()
        project, before, now = self._project, self._saved, self._session.examples.memories
        if project is None or project.read_only or before == now:
            return
        self._saved = now
        self._folder.saver.later(lambda: write_taught(project.paths, before, now))

    def _save_soon(self) -> None:
        if self._project is not None:
            self._timer.start()

    def _on_project(self, project: Project | None) -> None:
        if project is None:
            return
        examples, saver = self._session.examples, self._folder.saver
        self._before = examples.memories, examples.learning, examples.at_once
        self._saved = ()
        examples.replace_all(())
        if not project.read_only:
            examples.learning = examples.at_once = True
        found: list[tuple[tuple[LessonMemory, ...], tuple[str, ...]]] = []
        self._project = project
        saver.later(lambda: found.append(read_taught(project.paths)))
        saver.then(lambda: self._use(project, *found[0]) if found else None)

    def _use(self, project: Project, memories: tuple[LessonMemory, ...], problems: tuple[str, ...]) -> None:
        """Take the examples of the folder, and what strokes taught while they were read."""
        if self._project is not project:
            return  # it was closed meanwhile
        examples = self._session.examples
        taught = examples.memories
        self._saved = memories
        examples.replace_all(memories)
        for memory in taught:
            examples.teach(examples.memory(memory.model, memory.settings).taught(memory.lessons))
        for problem in problems:
            notifications.show_warning(problem)
        self.read.emit(project)

    def _on_closing(self) -> None:
        self.save()
        if self._project is None:
            return
        self._project = None
        examples = self._session.examples
        memories, examples.learning, examples.at_once = self._before
        self._saved = ()
        examples.replace_all(memories)

    def _on_taken_up(self, examples: LessonMemory | None) -> None:
        """Bring an image that nobody has worked on in line with what was taught since it was segmented."""
        state, project = self._folder.state, self._project
        record = state.record(state.shown) if state.shown is not None else None
        fresh = record is not None and record.state in (State.NEW, State.PRE_ANNOTATED)
        if fresh and project is not None and not project.read_only and self._runner.shown.examples() is not examples:
            self._learner.catch_up()
