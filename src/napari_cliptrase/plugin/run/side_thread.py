"""One thread beside the window for one kind of work, whose results arrive in the GUI thread.

`Jobs` share the threads of the whole program, so a piece of work may have to wait there for an encoder. What the user
waits for, such as reading the next image, has a thread of its own.
"""

import logging
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_cliptrase.errors import Cancelled, CliptraseError

log = logging.getLogger(__name__)


class GuiCalls(QObject):
    """Takes calls from any thread and makes them in the GUI thread, in which this object was made."""

    _asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._asked.connect(self._call)

    def post(self, call: Callable[[], object]) -> None:
        """Make a call soon."""
        self._asked.emit(call)

    def _call(self, call: Callable[[], object]) -> None:
        call()


class Task:
    """A piece of work that was asked for; `cancel` stops it at its next step, and nothing of it is used."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Cancel it."""
        self._stop.set()


class SideThread:
    """Does pieces of work, one after the other.

    ``done`` and ``failed`` are called in the GUI thread; an error that is not ours arrives as a sentence about it.
    """

    def __init__(self, name: str) -> None:
        self._calls = GuiCalls()
        self._pool = ThreadPoolExecutor(1, f"cliptrase-{name}")
        self._waiting = 0

    @property
    def idle(self) -> bool:
        """Whether all work has ended, in the GUI thread as well."""
        return self._waiting == 0

    def start(
        self,
        steps: Callable[[], Generator[Any, None, Any]],
        done: Callable[[Any], object],
        failed: Callable[[CliptraseError], object],
    ) -> Task:
        """Run a generator to its end."""
        task = Task()
        self._waiting += 1
        self._pool.submit(self._work, task, steps, done, failed)
        return task

    def stop(self) -> None:
        """Take no more work, and forget what has not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _work(
        self,
        task: Task,
        steps: Callable[[], Generator[Any, None, Any]],
        done: Callable[[Any], object],
        failed: Callable[[CliptraseError], object],
    ) -> None:
        try:
            call: Callable[[], object] = partial(done, _run(task, steps))
        except Cancelled:
            call = _nothing
        except CliptraseError as error:
            call = partial(failed, error)
        except MemoryError:
            call = partial(failed, CliptraseError("There is not enough memory for this."))
        except Exception as error:
            log.exception("Work beside the window failed")
            text = f"Unexpected error ({type(error).__name__}: {error})."
            call = partial(failed, CliptraseError(text))
        self._calls.post(partial(self._settle, task, call))

    def _settle(self, task: Task, call: Callable[[], object]) -> None:
        self._waiting -= 1
        if not task.cancelled:
            call()


def _run(task: Task, steps: Callable[[], Generator[Any, None, Any]]) -> Any:
    generator = None
    while not task.cancelled:
        generator = steps() if generator is None else generator
        try:
            next(generator)
        except StopIteration as end:
            return end.value
    if generator is not None:
        generator.close()
    raise Cancelled("Cancelled.")


def _nothing() -> object:
    return None
