"""How far a long piece of work has come; yielded by every generator that a worker can cancel between two steps."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

Step = TypeVar("Step")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` steps, and in words what is being done now."""

    done: int
    total: int
    text: str


def run_to_end(steps: Generator[Step, None, Value], watch: Callable[[Step], object] | None = None) -> Value:
    """Run a generator to its end, show ``watch`` each step, and return what it returns."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            value: Value = end.value
            return value
        if watch is not None:
            watch(step)


def map_progress(
    steps: Generator[Step, None, Value], tell: Callable[[Step], Progress | None]
) -> Generator[Progress, None, Value]:
    """Do the steps and return their value, but say of each what ``tell`` makes of it; None is passed over."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            value: Value = end.value
            return value
        told = tell(step)
        if told is not None:
            yield told
