"""Requests to SAM about one image: it is encoded once, then requests are answered one after the other."""

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from psygnal import Signal

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.jobs import Job, Jobs
from napari_cliptrase.plugin.run.refine_task import RefineRunner
from napari_cliptrase.plugin.state.plane_source import PlaneSource
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.refine.interactive import Preview, SamSession

SAM_JOB: Final = "interactive sam"
Request = Callable[["SamSession"], "Preview | None"]


class QueueState(Enum):
    """What happens to requests."""

    NEW = auto()
    """They wait: nothing was prepared yet."""
    PREPARING = auto()
    """They wait: a worker loads the model and encodes the image."""
    READY = auto()
    """The next one is answered at once."""
    ANSWERING = auto()
    """They wait: a worker answers the one before."""
    GIVEN_UP = auto()
    """They cannot be answered: there is no encoding."""
    CLOSED = auto()
    """They are dropped."""


class QueueEvent(Enum):
    """What can happen to the queue; the last three come from a worker that has ended."""

    PREPARE = auto()
    REQUEST = auto()
    CLOSE = auto()
    ENCODED = auto()
    NOT_ENCODED = auto()
    """It failed, or was cancelled."""
    ANSWERED = auto()
    """Or refused; the request is done with."""


QUEUE_TRANSITIONS = {
    (QueueState.NEW, QueueEvent.PREPARE): QueueState.PREPARING,
    (QueueState.PREPARING, QueueEvent.PREPARE): QueueState.PREPARING,  # of another part; the worker is replaced
    (QueueState.PREPARING, QueueEvent.ENCODED): QueueState.READY,
    (QueueState.PREPARING, QueueEvent.NOT_ENCODED): QueueState.GIVEN_UP,
    (QueueState.READY, QueueEvent.PREPARE): QueueState.PREPARING,
    (QueueState.READY, QueueEvent.REQUEST): QueueState.ANSWERING,
    (QueueState.ANSWERING, QueueEvent.PREPARE): QueueState.PREPARING,
    (QueueState.ANSWERING, QueueEvent.ANSWERED): QueueState.READY,
    (QueueState.GIVEN_UP, QueueEvent.PREPARE): QueueState.PREPARING,
    **{(state, QueueEvent.CLOSE): QueueState.CLOSED for state in QueueState},
}
"""What is not listed is a programming error. A worker that was replaced sends no more events."""
WORKING = (QueueState.PREPARING, QueueState.ANSWERING)


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
        self.state = QueueState.NEW
        self._jobs = jobs
        self._job: Job | None = None
        self._runner = runner
        self._model = model
        self._sam: SamSession | None = None
        self._waiting: deque[SamRequest | Callable[[], object]] = deque()
        self._current: SamRequest | None = None

    @property
    def idle(self) -> bool:
        """Whether everything that was asked is answered."""
        return not self._waiting and self.state not in WORKING

    def prepare(self, part: tuple[slice, slice] | None = None) -> None:
        """Load the model and encode the image, or a part of it, for a new mask; requests made meanwhile wait."""
        # not while a worker that is being stopped may still draw with it
        known = self._sam if self.state is QueueState.READY else None
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

        self._happen(QueueEvent.PREPARE)
        self._sam = self._current = None
        self._start("Prepare SAM", steps, done)

    def ask(self, request: Request, mark: Any = None, *, first: bool = False) -> None:
        """Make a request, which waits for those before it, or with ``first`` is the next; `answered` has the mask."""
        self._wait(SamRequest(request, mark), first=first)

    def then(self, action: Callable[[], object]) -> None:
        """Call something in the GUI thread when all earlier requests are answered: at once, or later."""
        self._wait(action)

    def forget(self) -> None:
        """Drop the requests that nobody has answered yet."""
        self._waiting.clear()

    def close(self) -> None:
        """Stop; no more signals are sent."""
        self._happen(QueueEvent.CLOSE)
        self._waiting.clear()
        self._jobs.cancel(SAM_JOB)

    def _wait(self, step: SamRequest | Callable[[], object], *, first: bool = False) -> None:
        if self.state is QueueState.CLOSED:
            return
        if first:
            self._waiting.appendleft(step)
        else:
            self._waiting.append(step)
        self._go_on()

    def _go_on(self) -> None:
        """Do what waits, in its order, as far as it needs no worker; the rest when the worker is done."""
        while self._waiting and self.state is QueueState.READY:
            step = self._waiting.popleft()
            if isinstance(step, SamRequest):
                self._answer(step)
            else:
                step()

    def _answer(self, sam_request: SamRequest) -> None:
        sam = self._sam
        assert sam is not None  # in the state READY

        def steps() -> Generator[Progress, None, Any]:
            yield Progress(0, 0, "Drawing the mask")
            return sam_request.request(sam)

        self._happen(QueueEvent.REQUEST)
        self._current = sam_request
        self._start("Draw with SAM", steps, self.answered.emit)

    def _start(self, title: str, steps: Callable[[], Any], use: Callable[[Any], object]) -> None:
        def done(value: Any) -> None:
            if self.state is not QueueState.CLOSED:
                use(value)

        job = self._jobs.start(title, steps, done=done, failed=self._fail, key=SAM_JOB)
        self._job = job
        job.finished.connect(lambda: self._finish(job))
        self.busy.emit(job)

    def _fail(self, error: CliptraseError) -> None:
        if self.state is not QueueState.CLOSED:
            self.failed.emit(error, None if self._current is None else self._current.mark)

    def _finish(self, job: Job) -> None:
        if job is not self._job or self.state is QueueState.CLOSED:
            return
        if self.state is QueueState.ANSWERING:
            self._happen(QueueEvent.ANSWERED)
        else:
            self._happen(QueueEvent.NOT_ENCODED if self._sam is None else QueueEvent.ENCODED)
        self.busy.emit(None)
        if self.state is QueueState.GIVEN_UP:
            self.given_up.emit()
        self._go_on()

    def _happen(self, event: QueueEvent) -> None:
        self.state = QUEUE_TRANSITIONS[self.state, event]
