"""Long work that has to happen in the GUI thread, one step at a time, while the window does its own in between."""

from collections.abc import Callable, Generator
from typing import Any

from qtpy.QtCore import QTimer


class GuiSteps:
    """Runs one generator at a time; a new one takes the place of the old, which is closed."""

    def __init__(self) -> None:
        self._steps: Generator[Any, None, Any] | None = None
        self._done: Callable[[Any], object] | None = None
        self._timer = QTimer()
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._step)

    @property
    def running(self) -> bool:
        """Whether something is under way."""
        return self._steps is not None

    def start(self, steps: Generator[Any, None, Any], done: Callable[[Any], object] | None = None) -> None:
        """Do the first step now and the others in turn; ``done`` gets what the generator returns."""
        self.cancel()
        self._steps, self._done = steps, done
        self._step()
        if self._steps is not None:
            self._timer.start()

    def finish(self) -> None:
        """Do all that is left at once."""
        while self._steps is not None:
            self._step()

    def cancel(self) -> None:
        """Close what is under way."""
        steps, self._steps, self._done = self._steps, None, None
        self._timer.stop()
        if steps is not None:
            steps.close()

    def _step(self) -> None:
        steps = self._steps
        if steps is None:
            return
        try:
            next(steps)
        except StopIteration as end:
            done, self._steps, self._done = self._done, None, None
            self._timer.stop()
            if done is not None:
                done(end.value)
        except BaseException:
            self._steps = self._done = None
            self._timer.stop()
            raise
