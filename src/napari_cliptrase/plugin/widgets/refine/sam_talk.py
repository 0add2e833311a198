"""A conversation with SAM about one image: it is encoded once, then requests are answered one after the other."""

from collections import deque
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final

from psygnal import Signal

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.jobs import Report
from napari_cliptrase.plugin.session import Session
from napari_cliptrase.plugin.subject import Subject
from napari_cliptrase.plugin.widgets.refine.task import Workshop
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.refine.interactive import Preview, SamSession

KEY: Final = "interactive sam"
Request = Callable[["SamSession"], "Preview | None"]


class SamTalk:
    """Encodes and answers in workers. SAM's session keeps state, so there is never more than one of them.

    Signals: ``busy(job)`` with the job or None, ``ready()`` when requests can be answered, ``answered(preview)`` with
    the mask after all requests so far or None, ``failed(error)``, and ``given_up()`` when there is no encoding.
    """

    busy = Signal(object)
    ready = Signal()
    answered = Signal(object)
    failed = Signal(object)
    given_up = Signal()

    def __init__(self, session: Session, workshop: Workshop, subject: Subject, model: str) -> None:
        self.subject = subject
        self._session = session
        self._workshop = workshop
        self._model = model
        self._sam: SamSession | None = None
        self._waiting: deque[Request] = deque()
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether everything that was asked is answered."""
        return not self._waiting and not self._session.jobs.running(KEY)

    def prepare(self, part: tuple[slice, slice] | None = None) -> None:
        """Load the model and encode the image, or a part of it; requests made meanwhile wait."""
        known = self._sam
        height, width = self.subject.target.shape
        rows, columns = part or (slice(0, height), slice(0, width))
        middle = (rows.start + rows.stop) / 2, (columns.start + columns.stop) / 2

        def steps(report: Report) -> Generator[Progress, None, Any]:
            sam = known
            if sam is None:
                embedder = yield from self._workshop.embedder_steps(self._model, report)
                from napari_cliptrase.refine.interactive import SamSession

                yield Progress(0, 0, "Reading the image")
                sam = SamSession(embedder, self.subject.rgb())
            sam.focus(rows, columns)
            yield from sam.prepare_steps(*middle)
            return sam

        def done(sam: "SamSession") -> None:
            self._sam = sam
            self.ready.emit()

        self._sam = None
        self._start("Prepare SAM", steps, done)

    def ask(self, request: Request) -> None:
        """Make a request; `answered` tells the mask when it and all before it are done."""
        self._waiting.append(request)
        if not self._session.jobs.running(KEY):
            self._answer()

    def forget(self) -> None:
        """Drop the requests that nobody has answered yet."""
        self._waiting.clear()

    def close(self) -> None:
        """Stop; nothing more is told."""
        self._closed = True
        self._waiting.clear()
        self._session.jobs.cancel(KEY)

    def _answer(self) -> None:
        sam, requests = self._sam, tuple(self._waiting)
        if sam is None or not requests:
            return
        self._waiting.clear()

        def steps(_report: Report) -> Generator[Progress, None, Any]:
            yield Progress(0, 0, "Drawing the mask")
            preview = sam.preview
            for request in requests:
                preview = request(sam)
            return preview

        self._start("Draw with SAM", steps, self.answered.emit)

    def _start(self, title: str, steps: Callable[[Report], Any], use: Callable[[Any], object]) -> None:
        def done(value: Any) -> None:
            if not self._closed:
                use(value)

        job = self._session.jobs.start(title, steps, done=done, failed=self._fail, key=KEY)
        job.finished.connect(self._finish)
        self.busy.emit(job)

    def _fail(self, error: CliptraseError) -> None:
        if not self._closed:
            self.failed.emit(error)

    def _finish(self) -> None:
        if self._closed:
            return
        self.busy.emit(None)
        if self._sam is None and not self._session.jobs.running(KEY):
            self.given_up.emit()
        else:
            self._answer()
