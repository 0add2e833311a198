"""Runs a command in a process of its own, and kills it when asked."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

LONGEST = 120.0  # seconds


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (negative for a signal), seconds, and steps on the disk where they count."""

    code: int
    seconds: float
    steps: int
    said: str


def entry_of(command: str) -> Callable[[], object]:
    """Return the function of ``module:function``."""
    module, _, name = command.partition(":")
    entry: Callable[[], object] = getattr(import_module(module), name)
    return entry


def in_fork(
    command: str,
    arguments: Sequence[str],
    folder: Path,
    *,
    kill_at: int | None = None,
    kill_after: float | None = None,
) -> Ended:
    """Run the command in a copy of this process, which has imported everything.

    ``kill_at`` is a step that changes something below the folder, ``kill_after`` a time in seconds.
    """
    log = folder.with_suffix(".log")
    reader, writer = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        os.close(reader)
        _become(entry_of(command), arguments, folder, log, writer, kill_at)
    os.close(writer)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reader, "rb") as stream:
        told = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
    return Ended(code, time.monotonic() - began, int(told or b"0"), said)


def in_new_process(command: str, arguments: Sequence[str], folder: Path, kill_after: float | None = None) -> Ended:
    """Run the command as a user does, imports and all; kill it after so many seconds."""
    module, _, name = command.partition(":")
    code = f"from {module} import {name}; {name}()"
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        said, _ = process.communicate(timeout=LONGEST if kill_after is None else kill_after)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    return Ended(process.returncode, time.monotonic() - began, 0, said.decode(errors="replace")[-2000:])


def _become(
    entry: Callable[[], object], arguments: Sequence[str], folder: Path, log: Path, tell: int, kill_at: int | None
) -> None:
    """In the child: run the command and leave; never returns."""
    code, steps = 70, 0
    try:
        os.chdir(folder)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)

        def count(event: str, given: tuple[object, ...]) -> None:
            nonlocal steps
            if _changes(event, given, str(folder)):
                steps += 1
                if steps == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        sys.argv = ["napari-cliptrase", *arguments]
        try:
            entry()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            if isinstance(end.code, str):
                sys.stderr.write(end.code)
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(tell, str(steps).encode())
    finally:
        os._exit(code)


def _changes(event: str, given: tuple[object, ...], folder: str) -> bool:
    """Whether a call of the system changes something below a folder."""
    if event == "open":
        path, mode, flags = given
        if isinstance(mode, str):
            return bool(set(mode) & set("wax+")) and _below(path, folder)
        return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR)) and _below(path, folder)
    if event in ("os.rename", "os.link"):
        return any(_below(path, folder) for path in given[:2])
    return event in ("os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod") and _below(given[0], folder)


def _below(path: object, folder: str) -> bool:
    """Whether a path lies in a folder; the folder is the current one, so that relative paths do."""
    return isinstance(path, str | bytes | os.PathLike) and os.path.abspath(os.fsdecode(path)).startswith(folder)
