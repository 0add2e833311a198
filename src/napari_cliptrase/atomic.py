"""Files that appear whole or not at all.

A reader sees either the old bytes or the new ones: everything is written to a temporary file in the same folder,
flushed to the disk, and moved over the target in one step. A failure leaves the target as it was and nothing beside it.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; move it over ``path`` when the block ends without an exception.

    The temporary name keeps the whole suffix, for writers that choose the format by it.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f".{target.name.split('.')[0]}-", suffix="".join(target.suffixes), dir=target.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        flush(temporary)
        temporary.chmod(mode_for(target))
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_file(path: str | os.PathLike[str], mode: str = "wb") -> Iterator[IO[bytes]]:
    """Like `replacing`, with the temporary file already open for binary writing."""
    with replacing(path) as temporary, temporary.open(mode) as stream:
        yield stream


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
