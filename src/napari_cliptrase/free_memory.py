"""How much memory the process may still take, and an error sentence for what needs more."""

import os
from pathlib import Path
from typing import Final

SMALL: Final = 1 << 20
"""Bytes that are not worth asking the system for: a file may hold a million small masks."""


def free_memory() -> int | None:
    """Return how many bytes can be had without swapping, or None where the system does not say.

    Limits of the process (``ulimit -v``) and of its container count as well.
    """
    known = [size for size in (_of_system(), _of_container(), _of_process()) if size is not None]
    return min(known, default=None)


def refuse_beyond_memory(needed: int, what: str) -> None:
    """Raise MemoryError with a clause such as "its 9 × 9 pixels need 5.0 GB of memory and 1.2 GB are free"."""
    if needed < SMALL:
        return
    free = free_memory()
    if free is not None and needed > free:
        raise MemoryError(f"{what} need {needed / 1e9:,.1f} GB of memory and {free / 1e9:.1f} GB are free")


def _of_system() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _of_container() -> int | None:
    """Return what the control group of a container leaves; pages of files can be given back and do not count."""
    try:
        folder = Path("/sys/fs/cgroup")
        most = int((folder / "memory.max").read_text())
        used = int((folder / "memory.current").read_text())
        lines = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
        given_back = sum(int(size) for name, size in lines if name in ("inactive_file", "active_file"))
        return max(0, most - used + given_back)
    except (OSError, ValueError):  # no such group, or no limit ("max")
        return None


def _of_process() -> int | None:
    try:
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most == resource.RLIM_INFINITY:
            return None
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        return max(0, most - taken)
    except (ImportError, OSError, ValueError):
        return None
