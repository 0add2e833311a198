"""Timing of several functions that do the same, fair on a computer that does other things, too."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter


def interleaved(
    functions: Mapping[str, Callable[[], object]], rounds: int, summary: Callable[[Sequence[float]], float] = median
) -> dict[str, float]:
    """Seconds of each function, after one untimed call of each: the median, or another ``summary`` of its rounds.

    The functions take turns, and every other round in the opposite order, so that a slow spell of the computer or the
    state in which one leaves the caches falls on all of them.
    """
    for function in functions.values():
        function()
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds):
        for name in list(functions)[:: 1 if number % 2 == 0 else -1]:
            start = perf_counter()
            functions[name]()
            seconds[name].append(perf_counter() - start)
    return {name: summary(times) for name, times in seconds.items()}
