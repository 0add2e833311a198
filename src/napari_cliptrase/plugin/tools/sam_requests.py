"""A conversation with SAM about one image: it is encoded once, then requests are answered one after the other."""

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from psygnal import Signal

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.run.refine_task import RefineRunner
from napari_cliptrase.plugin.state.plane_source import PlaneSource
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.refine.interactive import Preview, SamSession

KEY: Final = "interactive sam"
Request = Callable[["SamSession"], "Preview | None"]


@dataclass(frozen=True, eq=False)
class SamRequest:
    """A request for a worker, with the ``mark`` on the canvas that stands for it, if any."""

    request: Request
    mark: Any = None


class SamRequestQueue:
    """Encodes and answers in workers. SAM's session keeps state, so there is never more than one of them.

    Signals: ``busy(job)`` with the job or None, ``ready()`` when requests can be answered, ``answered(preview)`` with
    the mask after a request or None, ``failed(error, mark)`` with the mark of the request that cannot be answered (the
    others are), and ``given_up()`` when there is no encoding.
    """

    busy = Signal(object)
    ready = Signal()
    answered = Signal(object)
    failed = Signal(object, object)
    given_up = Signal()

    def __init__(self, jobs: Jobs, runner: RefineRunner, source: PlaneSource, model: str) -> None:
        self.source = source
        self._jobs = jobs
        self._runner = runner
        self._model = model
        self._sam: SamSession | None = None
        self._waiting: deque[SamRequest | Callable[[], object]] = deque()
        self._current: SamRequest | None = None
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether everything that was asked is answered."""
        return not self._waiting and not self._jobs.running(KEY)

    def prepare(self, part: tuple[slice, slice] | None = None) -> None:
        """Load the model and encode the image, or a part of it, for a new mask; requests made meanwhile wait."""
        known = self._sam if self.idle else None  # a worker that is being stopped may still draw with that one
        height, width = self.source.target.shape
        rows, columns = part or (slice(0, height), slice(0, width))
        middle = (rows.start + rows.stop) / 2, (columns.start + columns.stop) / 2

        def steps() -> Generator[Progress, None, Any]:
            sam = known
            if sam is None:
                embedder = yield from self._runner.embedder_steps(self._model)
                from napari_cliptrase.refine.interactive import SamSession

                yield Progress(0, 0, "Reading the image")
                sam = SamSession(embedder, self.source.rgb())
            sam.clear()
            sam.focus(rows, columns)
            yield from sam.embed_steps(*middle)
            return sam

        def done(sam: "SamSession") -> None:
            self._sam = sam
            if part is None:
                self._runner.note_window_encoded(self._model, self.source.key, (height, width))
            self.ready.emit()

        self._sam = self._current = None
        self._start("Prepare SAM", steps, done)

    def ask(self, request: Request, mark: Any = None, *, first: bool = False) -> None:
        """Make a request, which waits for those before it, or with ``first`` is the next; `answered` tells the mask."""
        sam_request = SamRequest(request, mark)
        if first:
            self._waiting.appendleft(sam_request)
        else:
            self._waiting.append(sam_request)
        self._go_on()

    def then(self, action: Callable[[], object]) -> None:
        """Call something in the GUI thread when all earlier requests are answered: at once, or later."""
        self._waiting.append(action)
        self._go_on()

    def forget(self) -> None:
        """Drop the requests that nobody has answered yet."""
        self._waiting.clear()

    def close(self) -> None:
        """Stop; nothing more is told."""
        self._closed = True
        self._waiting.clear()
        self._jobs.cancel(KEY)

    def _go_on(self) -> None:
        """Do what waits, in its order, as far as it needs no worker; the rest when the worker is done."""
        while self._waiting and self._sam is not None and not self._jobs.running(KEY):
            step = self._waiting.popleft()
            if isinstance(step, SamRequest):
                self._answer(step, self._sam)
            else:
                step()

    def _answer(self, sam_request: SamRequest, sam: "SamSession") -> None:
        def steps() -> Generator[Progress, None, Any]:
            yield Progress(0, 0, "Drawing the mask")
            return sam_request.request(sam)

        self._current = sam_request
        self._start("Draw with SAM", steps, self.answered.emit)

    def _start(self, title: str, steps: Callable[[], Any], use: Callable[[Any], object]) -> None:
        def done(value: Any) -> None:
            if not self._closed:
                use(value)

        job = self._jobs.start(title, steps, done=done, failed=self._fail, key=KEY)
        job.finished.connect(self._finish)
        self.busy.emit(job)

    def _fail(self, error: CliptraseError) -> None:
        if not self._closed:
            self.failed.emit(error, None if self._current is None else self._current.mark)

    def _finish(self) -> None:
        if self._closed or self._jobs.running(KEY):
            return
        self.busy.emit(None)
        if self._sam is None:
            self.given_up.emit()
        else:
            self._go_on()
