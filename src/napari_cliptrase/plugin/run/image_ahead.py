"""Reads and segments the images that come next, while a person is at work on this one.

    ahead.want(("b.png", "c.png"))   # in this order; what is prepared already stays, everything else is forgotten
    ahead.prepared("b.png")          # None, or an image with its encoding and its labels

Nothing is written here: a result gets into the project when its image is opened.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_cliptrase.batch.image_work import RunSetup
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.image_findings import (
    PreparedImage,
    choice_of,
    findings_steps,
    same_but_for_examples,
    same_question,
    same_refiner,
)
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.run.segmentation import RUN
from napari_cliptrase.plugin.run.side_thread import SideThread, Task
from napari_cliptrase.plugin.run.torch_import import make_torch_safe
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.progress import Progress
from napari_cliptrase.project.image_search import FileStamp
from napari_cliptrase.project.project import Project

if TYPE_CHECKING:
    from napari_cliptrase.models.loaded_models import ClipModel

IMAGES_AHEAD = 2
"""How many images are prepared beyond the one on show."""


class ImageAhead:
    """Prepares images of a project, one at a time, in a thread of its own.

    ``ready(PreparedImage)`` is emitted in the GUI thread; ``failed(CliptraseError)`` when an image cannot be prepared,
    which is not tried again before something else is asked for.

    Parameters
    ----------
    jobs
        While a run of theirs lasts, nothing new is begun.
    loaded
        Returns the model of a choice when it is in memory.
    """

    ready = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        jobs: Jobs,
        loaded: Callable[[ModelChoice], "ClipModel | None"],
    ) -> None:
        self._jobs = jobs
        self._loaded = loaded
        self._thread = SideThread("ahead")
        self._project: Project | None = None
        self._setup: RunSetup | None = None
        self._names: tuple[str, ...] = ()
        self._prepared: dict[str, PreparedImage] = {}
        self._task: tuple[str, RunSetup | None, Task] | None = None
        self._given_up: list[tuple[str, RunSetup | None]] = []
        self._last: PreparedImage | None = None
        jobs.ended.connect(self.go_on)

    def begin(self, project: Project) -> None:
        """Prepare images of a project from now on."""
        self._project = project

    def end(self) -> None:
        """Forget everything."""
        self._cancel()
        self._project, self._names, self._last = None, (), None
        self._prepared.clear()
        self._given_up.clear()

    def stop(self) -> None:
        """End the thread."""
        self.end()
        self._thread.stop()

    @property
    def idle(self) -> bool:
        """Whether nothing is being prepared."""
        return self._thread.idle

    @property
    def setup(self) -> RunSetup | None:
        """What the model is asked of each image; None when it is switched off."""
        return self._setup

    def model_of(self, choice: ModelChoice) -> "ClipModel | None":
        """Return a model when it is in memory: that of the session, or the one that was used last."""
        found = self._loaded(choice)
        last = self._last.findings if self._last is not None else None
        if found is None and last is not None and choice_of(last.setup) == choice:
            return last.segmenter.model
        return found

    def ask(self, setup: RunSetup | None) -> None:
        """Change what the model is asked from now on."""
        self._setup = setup
        self.go_on()

    def want(self, names: tuple[str, ...]) -> None:
        """Prepare these images, in this order, and forget all others."""
        self._names = names
        self._prepared = {name: entry for name, entry in self._prepared.items() if name in names}
        self._given_up = [entry for entry in self._given_up if entry[0] in names]
        self.go_on()

    def prepared(self, name: str) -> PreparedImage | None:
        """Return an image that is prepared and whose file has not changed since."""
        found = self._prepared.get(name)
        if found is None or self._project is None:
            return None
        try:
            return found if FileStamp.of(self._project.paths.image(name)) == found.stamp else None
        except OSError:
            return None

    def go_on(self, _ended: object = None) -> None:
        """Prepare what is missing of the current names and question."""
        project, setup = self._project, self._setup
        if self._task is not None:
            name, asked, _ = self._task
            if name in self._names and same_but_for_examples(asked, setup):
                return  # strokes teach all the time; what they taught is scored when this is done
            self._cancel()
        if project is None or self._jobs.running(RUN):
            return
        for name in self._names:
            known = self.prepared(name)
            if known is not None and (setup is None or same_question(known.setup, setup)):
                continue
            if not any(name == other and same_question(asked, setup) for other, asked in self._given_up):
                self._start(project, name, setup, known)
                return

    def _start(self, project: Project, name: str, setup: RunSetup | None, known: PreparedImage | None) -> None:
        model = None if setup is None else self.model_of(choice_of(setup))
        last = self._last.findings if self._last is not None else None
        refiner = last.refiner if last is not None and setup is not None and same_refiner(last.setup, setup) else None

        def steps() -> Generator[Progress, None, PreparedImage]:
            stamp = FileStamp.of(project.paths.image(name))
            yield Progress(0, 0, f"Reading {name}")
            image = project.image(name) if known is None else known.image
            findings = None
            if setup is not None:
                make_torch_safe()
                findings = yield from findings_steps(
                    setup, model, image, None if known is None else known.findings, refiner
                )
            return PreparedImage(name, stamp, image, findings)

        def done(prepared: PreparedImage) -> None:
            self._task = None
            self._prepared[name] = prepared
            if prepared.findings is not None:
                self._last = prepared
            self.ready.emit(prepared)
            self.go_on()

        def failed(error: CliptraseError) -> None:
            self._task = None
            self._given_up.append((name, setup))
            self.failed.emit(error)
            self.go_on()

        self._task = name, setup, self._thread.start(steps, done, failed)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task[2].cancel()
            self._task = None
