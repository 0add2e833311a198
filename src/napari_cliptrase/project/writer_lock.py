"""One program writes a project at a time; the lock says which."""

import contextlib
import ctypes
import json
import os
import socket
import subprocess
import sys
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from napari_cliptrase.atomic import write_text
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.json_file import read_json

_PATIENCE = 5.0  # seconds for another program that is just taking the lock


@dataclass(frozen=True)
class LockOwner:
    """The program that writes: its number, its computer, when it started, and a random token."""

    pid: int
    host: str
    started: str
    token: str

    @classmethod
    def this_process(cls) -> "LockOwner":
        """Return the owner for this process, with a new token."""
        return cls(os.getpid(), socket.gethostname(), process_start(os.getpid()) or "", uuid.uuid4().hex)

    @property
    def alive(self) -> bool:
        """Whether it may still write; a program on another computer counts as alive, since that cannot be checked."""
        if self.host != socket.gethostname():
            return True
        started = process_start(self.pid)
        return started is not None and (not self.started or not started or started == self.started)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


class WriterLock:
    """The right to write a project.

    Attributes
    ----------
    owner
        This program when it holds the lock, else the one that does.
    taken_over
        The program from which the lock was taken, because it no longer runs or because the user asked for it.
    refused
        Why the lock could not be written: the words of the system; empty when it could.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process = LockOwner.this_process()
        self.owner: LockOwner | None = None
        self.taken_over: LockOwner | None = None
        self.refused = ""

    @property
    def held(self) -> bool:
        """Whether this program may write."""
        return self.owner is self._process

    def acquire(self, *, take_over: bool = False) -> bool:
        """Take the lock when it is free, its owner is dead, or ``take_over``; return whether it is held now."""
        try:
            with self._one_at_a_time():
                owner = read_owner(self._path)
                if owner is not None and owner.alive and not take_over:
                    self.owner = owner
                    return False
                self.taken_over = owner
                write_text(self._path, json.dumps(asdict(self._process), indent=1) + "\n")
                self.owner = self._process
                return True
        except Timeout:
            self.owner = read_owner(self._path)
            return False
        except OSError as error:
            self.refused = error.strerror or str(error)
            raise

    def check(self) -> None:
        """Raise when another program has taken the lock meanwhile."""
        owner = read_owner(self._path)
        if owner is None or owner.token != self._process.token:
            who = "nobody" if owner is None else str(owner)
            raise ProjectError(
                f"The lock {self._path} now belongs to {who}, so nothing more is written from here; close the project "
                "and open it again."
            )

    def release(self) -> None:
        """Release the lock, if this program still holds it."""
        if not self.held:
            return
        self.owner = None
        with contextlib.suppress(OSError, Timeout), self._one_at_a_time():
            owner = read_owner(self._path)
            if owner is not None and owner.token == self._process.token:
                self._path.unlink(missing_ok=True)

    def _one_at_a_time(self) -> FileLock:
        return FileLock(self._path.with_suffix(".guard"), timeout=_PATIENCE)


def read_owner(path: Path) -> LockOwner | None:
    """Return who holds a lock; None when it is free, or when the file is damaged."""
    try:
        return LockOwner(**read_json(path))
    except (OSError, ValueError, TypeError):
        return None


def process_start(pid: int) -> str | None:
    """Return when a process of this computer started, in the form of the system; None when it does not run.

    An empty text means that it runs since an unknown time.
    """
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
    if sys.platform == "win32":
        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
        if not handle:
            return None
        times = [ctypes.c_ulonglong() for _ in range(4)]
        code = ctypes.c_ulong()
        ctypes.windll.kernel32.GetProcessTimes(handle, *map(ctypes.byref, times))
        ctypes.windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        ctypes.windll.kernel32.CloseHandle(handle)
        return str(times[0].value) if code.value == 259 else None  # still active
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
