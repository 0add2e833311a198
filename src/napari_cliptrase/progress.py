"""Progress of a long piece of work.

Such work is a generator that yields `Progress` and returns its result. The caller shows the progress, and stops the
work between two steps by closing the generator.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Literal, TypeVar

_Step = TypeVar("_Step")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` steps, and a text that says what is being done; ``total`` is 0 when it is unknown.

    ``unit`` says what is counted, for displays that write the numbers.
    """

    done: int
    total: int
    text: str
    unit: Literal["", "bytes"] = ""


Watch = Callable[[Progress], object]
"""Is called with each step of a piece of work."""


def duration(seconds: float) -> str:
    """Return a time such as ``40 s``, ``12 min`` or ``3.5 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def time_left(begun: float, done: int, total: int) -> str:
    """Return a text such as ``, about 40 s left``: ``done`` of ``total`` took from ``begun`` (`time.monotonic`) to now.

    Empty while nothing is done, and when all is.
    """
    if not 0 < done < total:
        return ""
    return f", about {duration((time.monotonic() - begun) / done * (total - done))} left"


def run_to_end(steps: Generator[_Step, None, _Result], watch: Callable[[_Step], object] | None = None) -> _Result:
    """Run a generator to its end, pass each step to ``watch``, and return what it returns.

    An exception from ``watch`` stops the work.
    """
    try:
        while True:
            step = next(steps)
            if watch is not None:
                watch(step)
    except StopIteration as end:
        value: _Result = end.value
        return value
    finally:
        steps.close()


def map_progress(
    steps: Generator[_Step, None, _Result], describe: Callable[[_Step], Progress | None]
) -> Generator[Progress, None, _Result]:
    """Run the steps and return their value; each step is shown as ``describe`` puts it, and None is skipped."""
    try:
        while True:
            shown = describe(next(steps))
            if shown is not None:
                yield shown
    except StopIteration as end:
        value: _Result = end.value
        return value
    finally:
        steps.close()


def paced(steps: Generator[Progress, None, _Result], seconds: float) -> Generator[Progress, None, _Result]:
    """Do the steps and return their value; yield only where another step might make it ``seconds`` since the last time.

    For work in the thread of a window, which draws itself whenever it has its turn. The next step is expected to take
    as long as the last.
    """
    begun = before = time.monotonic()
    try:
        while True:
            step = next(steps)
            now = time.monotonic()
            if now - begun + (now - before) >= seconds:
                yield step
                begun = now = time.monotonic()
            before = now
    except StopIteration as end:
        value: _Result = end.value
        return value
    finally:
        steps.close()
