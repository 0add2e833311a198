"""Ctrl-C: the command says what it finished, also when it is stopped while it imports."""

import signal
from collections.abc import Iterator
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
        """Return the error of a command that had finished nothing."""
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
    if before is signal.SIG_IGN:  # started in the background of a shell
        yield interrupts
        return
    signal.signal(signal.SIGINT, interrupts.note)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)
