"""Ctrl-C: the command says what it finished, also when it is stopped while it imports."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from napari_cliptrase.errors import CliptraseError

EXIT_CODE = 130
"""What shells expect of a process that Ctrl-C ended."""


class Stopped(CliptraseError):
    """The user pressed Ctrl-C; the message says what was finished and what was not."""

    @classmethod
    def early(cls) -> "Stopped":
        """Return the error of a command that had not begun."""
        return cls("Stopped before it began. Nothing was written.")

    @classmethod
    def unfinished(cls) -> "Stopped":
        """Return the error of a command that does not know how far it was."""
        return cls("Stopped before it was done. No file was left half written.")


@dataclass
class Interrupts:
    """Whether Ctrl-C was pressed; an import that is cut off may raise any error."""

    seen: bool = False

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Handle the signal."""
        self.seen = True
        raise KeyboardInterrupt


@contextmanager
def noting_interrupts() -> Iterator[Interrupts]:
    """Yield a flag that says whether Ctrl-C was pressed inside the block."""
    interrupts = Interrupts()
    before = signal.getsignal(signal.SIGINT)
    in_background = before is signal.SIG_IGN  # of a shell
    if in_background or threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    signal.signal(signal.SIGINT, interrupts.note)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def message_when_stopped(message: Callable[[], str]) -> Iterator[None]:
    """Turn Ctrl-C in the block into `Stopped`; ``message`` returns its words: what was finished and what was not."""
    with noting_interrupts() as interrupts:
        try:
            yield
        except KeyboardInterrupt:
            raise Stopped(message()) from None
        except Exception as error:
            if not interrupts.seen or isinstance(error, Stopped):
                raise
            raise Stopped(message()) from None
