"""Long work beside the window.

A job runs a generator in a worker thread; the generator yields `Progress` and returns a value. Cancel closes it at
its next step. What it returns, or the one sentence of its error, arrives in the GUI thread; nothing else may touch a
layer or a widget.

    def steps() -> Generator[Progress, None, Encoding]:
        import torch                      # heavy imports belong in here
        ...
        yield Progress(1, 8, "Encoding")
        return encoding

    job = jobs.start("Encode", steps, done=use_encoding, key="encode")
    job.progressed.connect(bar.show_progress)
    job.cancel()

Where ``done`` is a generator, too (of what takes long but has to happen in the GUI thread), it goes one step at a time
while the window lives; the job runs until it is through, and cancel closes it, so that it can put things back.

A job with the ``key`` of a running one takes its place: the older is cancelled, and its result, should it still come,
is dropped. That is how live re-scoring lets the latest prompt win.
"""

import logging
import time
from collections.abc import Callable, Generator
from typing import Any

import psygnal
from napari.qt.threading import create_worker
from napari.utils import notifications
from qtpy.QtCore import QObject, QTimer, Signal

from napari_cliptrase.errors import Cancelled, CliptraseError
from napari_cliptrase.plugin.run.torch_import import make_torch_safe
from napari_cliptrase.progress import Progress

log = logging.getLogger(__name__)

SHORTEST_WAIT = 0.05
"""Seconds between two reports of a job: more of them would only keep the window busy."""

Steps = Generator[Progress, None, Any]


class Report:
    """Reports the progress of a job, no more often than a window can show it, and knows whether it should stop."""

    def __init__(self, on_progress: Callable[[Progress], object]) -> None:
        self._on_progress = on_progress
        self._stop = False
        self._worker: Any = None
        self._last_time = 0.0
        self._last_text = ""

    def progress(self, progress: Progress) -> None:
        """Report how far the work is."""
        now = time.monotonic()
        finished = 0 < progress.total <= progress.done
        if progress.text != self._last_text or finished or now - self._last_time >= SHORTEST_WAIT:
            self._last_time, self._last_text = now, progress.text
            self._on_progress(progress)

    def cancelled(self) -> bool:
        """Whether the user cancelled."""
        return self._stop or (self._worker is not None and self._worker.abort_requested)

    def belongs_to(self, worker: Any) -> None:
        """Name the worker, which napari stops when its window is closed."""
        self._worker = worker

    def stop(self) -> None:
        """Ask the work to stop."""
        self._stop = True


class Job(QObject):
    """One piece of work; all signals arrive in the GUI thread.

    ``progressed(Progress)``, then one of ``done(value)``, ``failed(CliptraseError)``, ``cancelled()``, then
    ``finished()``.
    """

    progressed = Signal(object)
    done = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    finished = Signal()

    def __init__(self, title: str, key: str, use: Callable[[Any], object] | None = None) -> None:
        super().__init__()
        self.use = use
        self.title = title
        self.key = key
        self.running = True
        self.superseded = False
        self.worked = False
        """Whether its worker has ended; what is left happens in the GUI thread."""
        self.report = Report(self.progressed.emit)

    def cancel(self) -> None:
        """Stop at the next step; nothing of the job is used."""
        self.superseded = True
        self.report.stop()


class Jobs:
    """The jobs of one viewer. Signals: ``started(job)``, ``ended(job)``."""

    started = psygnal.Signal(object)
    ended = psygnal.Signal(object)

    def __init__(self) -> None:
        self._running: dict[int, tuple[Job, Any]] = {}
        self._rests: dict[int, Steps] = {}

    def start(
        self,
        title: str,
        steps: Callable[[], Steps],
        *,
        done: Callable[[Any], object] | None = None,
        failed: Callable[[CliptraseError], object] | None = None,
        key: str = "",
    ) -> Job:
        """Run ``steps`` in a worker. Without ``failed`` an error is shown as a notification."""
        job = Job(title, key or title, done)
        for older in self.running(job.key):
            older.cancel()
        job.failed.connect(failed if failed is not None else show_error)
        worker = create_worker(_worked, steps, job.report, _start_thread=False)
        job.report.belongs_to(worker)
        self._running[id(job)] = (job, worker)
        worker.returned.connect(lambda outcome: self._settle(job, outcome))
        worker.finished.connect(lambda: self._end(job))
        self.started.emit(job)
        worker.start()
        return job

    def running(self, key: str | None = None) -> tuple[Job, ...]:
        """Jobs that are not finished, of one key if given; cancelled ones that have not stopped yet are left out."""
        return tuple(job for job, _ in self._running.values() if not job.superseded and (key is None or job.key == key))

    @property
    def idle(self) -> bool:
        """Whether every job has ended, also those that were cancelled."""
        return not self._running

    def cancel(self, key: str | None = None) -> None:
        """Cancel all running jobs, or those of one key."""
        for job in self.running(key):
            job.cancel()

    def _settle(self, job: Job, outcome: Any) -> None:
        if job.superseded or (isinstance(outcome, _Failure) and isinstance(outcome.error, Cancelled)):
            job.cancelled.emit()
        elif isinstance(outcome, _Failure):
            job.failed.emit(outcome.error)
        else:
            try:
                # called, not connected: an error in a slot of a signal never comes back to whoever emitted it
                rest = job.use(outcome.value) if job.use is not None else None
            except CliptraseError as error:
                job.failed.emit(error)
            else:
                if isinstance(rest, Generator):
                    self._rests[id(job)] = rest
                    self._go_on(job, rest, outcome.value)
                else:
                    job.done.emit(outcome.value)

    def _go_on(self, job: Job, rest: Steps, value: Any) -> None:
        """Do one step of the work in the GUI thread, and go on after the window has processed its events."""
        ended = True
        try:
            if job.superseded:
                rest.close()
                job.cancelled.emit()
                return
            job.report.progress(next(rest))
            ended = False
        except StopIteration:
            job.done.emit(value)
        except CliptraseError as error:
            job.failed.emit(error)
        finally:
            if ended:
                del self._rests[id(job)]
                if job.worked:
                    self._end(job)
        if not ended:
            QTimer.singleShot(0, lambda: self._go_on(job, rest, value))

    def _end(self, job: Job) -> None:
        job.worked = True
        if id(job) not in self._rests and self._running.pop(id(job), None) is not None:
            job.running = False
            job.finished.emit()
            self.ended.emit(job)


class _Value:
    def __init__(self, value: Any) -> None:
        self.value = value


class _Failure:
    """An error on its way to the GUI thread; a worker that returns an exception itself would raise it there."""

    def __init__(self, error: CliptraseError) -> None:
        self.error = error


def _worked(steps: Callable[[], Steps], report: Report) -> Generator[None, None, Any]:
    """Run the steps to their end, in the worker; errors become values, so that none reaches the user as a traceback."""
    try:
        make_torch_safe()
        generator = steps()
        while True:
            if report.cancelled():
                generator.close()
                return _Failure(Cancelled("Cancelled."))
            try:
                progress = next(generator)
            except StopIteration as end:
                return _Value(end.value)
            report.progress(progress)
            yield
    except CliptraseError as error:
        return _Failure(error)
    except MemoryError:
        return _Failure(
            CliptraseError("There is not enough memory for this; choose a coarser detail or a smaller area.")
        )
    except Exception as error:
        log.exception("A job failed")
        return _Failure(CliptraseError(f"Unexpected error ({type(error).__name__}: {error})."))


def show_error(error: CliptraseError) -> None:
    """Show an error's sentence as a notification."""
    notifications.show_warning(str(error))
