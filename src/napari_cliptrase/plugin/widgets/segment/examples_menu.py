"""The menu of examples: whether they count, forgetting some, a file of them."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from napari.utils import notifications
from qtpy.QtWidgets import QFileDialog, QMenu, QWidget

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson import Lesson, LessonError, class_key
from napari_cliptrase.learn.lesson_file import read_lessons, write_lessons
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.plugin.run.edit_learner import EditLearner
from napari_cliptrase.plugin.state.session import Session

EXAMPLE_FILES: Final = "Examples (*.npz);;All files (*)"
MOST_LISTED: Final = 20
"""How many examples, the newest, can be forgotten one by one."""


class ExamplesMenu(QMenu):
    """Made new each time it opens, since it names what there is."""

    def __init__(self, session: Session, learner: EditLearner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._learner = learner
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """List what can be done with the examples that there are."""
        self.clear()
        session, memory = self._session, self._session.memory
        used = self.addAction("Use examples")
        used.setCheckable(True)
        used.setChecked(session.examples.used)
        used.toggled.connect(lambda on: setattr(session.examples, "used", on))
        self.addSeparator()
        name = self._active_name()
        known = {} if memory is None else memory.counts()
        of_class = self.addAction(f"Forget those of {name!r}" if name else "Forget those of the class")
        of_class.setEnabled(class_key(name) in known)
        of_class.triggered.connect(lambda: self._learner.forget(name))
        one = self.addMenu("Forget one")
        one.setEnabled(bool(known))
        lessons = () if memory is None else memory.lessons
        for number in reversed(range(max(0, len(lessons) - MOST_LISTED), len(lessons))):
            one.addAction(lesson_title(lessons[number])).triggered.connect(partial(self._forget_one, number))
        everything = self.addAction("Forget all")
        everything.setEnabled(bool(known))
        everything.triggered.connect(lambda: self._learner.forget())
        self.addSeparator()
        save = self.addAction("Save as…")
        save.setEnabled(bool(known))
        save.triggered.connect(self._ask_save)
        self.addAction("Load…").triggered.connect(self._ask_load)

    def save(self, path: str | Path) -> None:
        """Write the examples of the session's model to a file, which ``--examples`` of the commands reads as well."""
        memory = self._session.memory
        if memory is None:
            return
        try:
            write_lessons(memory, Path(path))
        except OSError as error:
            notifications.show_warning(f"{path} cannot be written ({error.strerror}); choose another folder.")

    def load(self, path: str | Path) -> None:
        """Add the examples of a file; those of another model or other settings are refused with the reason."""
        try:
            self._session.examples.change(self._joined(read_lessons(Path(path))))
        except CliptraseError as error:
            notifications.show_warning(str(error))

    def _joined(self, read: LessonMemory) -> LessonMemory:
        model, memory = self._session.model, self._session.memory
        if model is None or memory is None:
            raise LessonError("Press Run once before you load examples, so that it is known which model they must fit.")
        read.check(memory.model, memory.settings, model.name)
        return memory.taught(read.lessons)

    def _active_name(self) -> str:
        session = self._session
        return "" if session.active_class is None else session.prompts.get(session.active_class).name

    def _forget_one(self, number: int, _checked: bool = False) -> None:
        memory = self._session.memory
        if memory is not None and number < len(memory):
            self._learner.forget_one(memory.lessons[number])

    def _ask_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the examples", "examples.npz", EXAMPLE_FILES)
        if path:
            self.save(path)

    def _ask_load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Load examples", "", EXAMPLE_FILES)
        if path:
            self.load(path)


def lesson_title(lesson: Lesson) -> str:
    """Say what an example is: ``not grass: 12 patches, paint, 30 Nov 21:04``."""
    try:
        when = datetime.fromisoformat(lesson.time).astimezone().strftime(", %d %b %H:%M")
    except ValueError:
        when = ""
    patches = "1 patch" if len(lesson) == 1 else f"{len(lesson):,} patches"
    if not len(lesson) and lesson.spots:  # a thing smaller than a patch
        patches = f"{len(lesson.spots):,} spots"
    return f"{'not ' if lesson.negative else ''}{lesson.class_name}: {patches}, {lesson.action}{when}"
