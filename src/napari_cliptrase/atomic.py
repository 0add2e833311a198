"""Files that appear whole or not at all.

A reader sees either the old bytes or the new ones: everything is written under another name on the same disk, flushed,
and moved over the target in one step. A failure leaves the target as it was and nothing beside it.

Unfinished files lie in a hidden folder beside the target, in a part named after their process. What a
killed process leaves there is removed by the next one that writes into the same folder.
"""

import contextlib
import ctypes
import hashlib
import os
import platform
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

WORK_FOLDER: Final = ".cliptrase-writing"
"""Name of the hidden folder for unfinished files."""

_TARGET_SUFFIX = ".target"
_OLD_SUFFIX = ".old"
_ABANDONED = 7 * 24 * 3600.0  # seconds after which another computer's work counts as abandoned
_TRIES = 20


@contextmanager
def work_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder below ``folder`` for this process; it is removed at the end.

    First, what dead processes left there is removed, and folders that they were about to replace are put back.
    """
    clear_leftovers(folder)
    own = _make_own(folder / WORK_FOLDER)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        with contextlib.suppress(OSError):  # others may be writing, too
            own.parent.rmdir()


def clear_leftovers(folder: Path) -> None:
    """Remove what dead processes left in the work folder of ``folder``; put back folders that they had set aside."""
    work = folder / WORK_FOLDER
    with contextlib.suppress(OSError):
        for part in list(work.iterdir()):
            if not _alive(part):
                _put_back(part, folder)
                shutil.rmtree(part, ignore_errors=True)
        work.rmdir()


def clear_leftovers_below(folder: Path) -> None:
    """Do so in a folder and in all those below it."""
    with contextlib.suppress(OSError):
        for work in list(folder.rglob(WORK_FOLDER)):
            clear_leftovers(work.parent)


def swap_folder(new: Path, target: Path, root: Path) -> Path:
    """Replace a folder by another; return where the old one is now, beside ``new``.

    Where the system can exchange two names in one step, one of both is always there. Elsewhere there is a moment
    without any; when the process dies in it, the next one that writes below ``root`` puts the old folder back.
    """
    if exchange(new, target):
        return new
    old = new.with_name(new.name + _OLD_SUFFIX)
    note = new.with_name(new.name + _TARGET_SUFFIX)
    note.write_text(target.relative_to(root).as_posix(), encoding="utf-8")
    flush(note)
    os.replace(target, old)
    os.replace(new, target)
    return old


def exchange(one: Path, two: Path) -> bool:
    """Exchange what two names stand for in one step; False where the system or the disk cannot."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if platform.system() == "Darwin":
            return int(library.renamex_np(os.fsencode(one), os.fsencode(two), 2)) == 0
        if platform.system() == "Linux":
            return int(library.renameat2(-100, os.fsencode(one), -100, os.fsencode(two), 2)) == 0
    except (OSError, AttributeError, TypeError):
        pass
    return False


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path; move it over ``path`` when the block ends without an exception.

    The temporary name keeps the suffix, for writers that choose the format by it.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with naming_target(target), work_folder(target.parent) as work:
        temporary = work / f".new{''.join(target.suffixes[-2:])[-40:]}"
        temporary.touch()
        yield temporary
        flush(temporary)
        temporary.chmod(mode_for(target))
        os.replace(temporary, target)


@contextmanager
def naming_target(target: Path) -> Iterator[None]:
    """Name the target in an error of the system that names no file, or a temporary one."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and (error.filename is None or WORK_FOLDER in str(error.filename)):
            error.filename = str(target)
        raise


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write ``data`` to ``path``, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8 with Unix line ends, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def flush(path: Path) -> None:
    """Wait until the bytes of a file are on the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def mode_for(target: Path) -> int:
    """Permissions of the file or folder that is replaced, or what the process's umask gives a new file."""
    if target.exists():
        return target.stat().st_mode & 0o777
    return 0o666 & ~umask()


def umask() -> int:
    """Permissions that the process takes from what it makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _make_own(work: Path) -> Path:
    """Make a folder that names this process; another one may remove the folder above when it is done with it."""
    own = work / f"{_host()}-{os.getpid()}-{_started(os.getpid())}-{uuid.uuid4().hex[:8]}"
    for _ in range(_TRIES):
        try:
            work.mkdir(exist_ok=True)  # fails, too, where the folder is removed between its creation and its check
            own.mkdir()
            return own
        except (FileNotFoundError, FileExistsError):
            continue
    own.mkdir()
    return own


def _host() -> str:
    return hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]


def _started(process: int) -> str:
    """When a process started, since process numbers are reused; ``0`` where the system does not say."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "0"


def _alive(part: Path) -> bool:
    """Whether the process that a folder is named after still runs; when that is unknown, its age decides."""
    host, number, started, *_ = [*part.name.split("-"), "", "", ""]
    if host == _host() and number.isdigit():
        if platform.system() == "Linux":
            return Path(f"/proc/{number}").exists() and _started(int(number)) == started
        if platform.system() != "Windows":  # there the call would end the process
            try:
                os.kill(int(number), 0)
            except ProcessLookupError:
                return False
            except OSError:
                return True
            return True
    return time.time() - part.stat().st_mtime < _ABANDONED


def _put_back(part: Path, folder: Path) -> None:
    """Put folders back that a dead process had set aside and not yet replaced."""
    for note in part.glob(f"*{_TARGET_SUFFIX}"):
        with contextlib.suppress(OSError, ValueError):
            target = folder / PurePosixPath(note.read_text(encoding="utf-8"))
            old = note.with_name(note.name.removesuffix(_TARGET_SUFFIX) + _OLD_SUFFIX)
            if old.is_dir() and not target.exists():
                os.replace(old, target)
