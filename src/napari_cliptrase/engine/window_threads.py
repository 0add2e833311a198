"""Threads that work on windows side by side, each of them on one core of the processor."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Final

import torch

_MOST: Final = 16
"""Threads at most: each holds what one window takes while it is encoded."""
_BESIDE_A_DEVICE: Final = 2
"""Threads that read windows and find regions while another device encodes."""


def thread_count(device: torch.device) -> int:
    """Return how many windows are worked on side by side: as many as torch may use cores."""
    if device.type != "cpu":
        return _BESIDE_A_DEVICE
    return min(_MOST, torch.get_num_threads())


@contextmanager
def window_threads(device: torch.device) -> Iterator[ThreadPoolExecutor]:
    """Start threads in each of which torch uses one core; leaving drops what has not begun and waits for the rest.

    Windows side by side take less time than one window on all cores. It also makes what a window is encoded to, to the
    last bit, independent of the number of cores.
    """
    count, before = thread_count(device), torch.get_num_threads()
    started = Barrier(count + 1)
    pool = ThreadPoolExecutor(count, thread_name_prefix="windows", initializer=_use_one_core)
    try:
        for _ in range(count):
            pool.submit(started.wait)
        started.wait()
        torch.set_num_threads(before)  # what a thread sets also holds for those that come later
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _use_one_core() -> None:
    torch.set_num_threads(1)
    torch.get_num_threads()  # torch adopts the number in a thread when it is first asked
