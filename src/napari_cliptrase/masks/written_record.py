"""What was written into a folder, so that files that people changed since are not overwritten silently.

A hidden text file holds a line for each file: SHA-256 and path, as ``sha256sum -c`` reads them. The line is written
before the file is moved: even when a process is killed, each file is the old one or has its line.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from napari_cliptrase.atomic import flush, write_text
from napari_cliptrase.errors import ReplaceRefused

WRITTEN_RECORD: Final = ".cliptrase-written"
"""Name of the hidden file."""

_ADDED_TO = ("classes.json", "labelmap.txt", "labels.txt", ".zattrs", ".zgroup", ".zmetadata", "zarr.json")
LONG = 1 << 18
_KEPT = 3


def note_written(folder: Path, hashes: Mapping[str, str]) -> None:
    """Add files (path relative to ``folder``, with ``/``, to SHA-256) to the record of a folder."""
    record = folder / WRITTEN_RECORD
    lines = "".join(f"{digest}  {path}\n" for path, digest in hashes.items())
    before = record.read_bytes() if record.exists() else b""
    if before and not before.endswith(b"\n"):  # the system stopped in the middle of a line
        lines = f"\n{lines}"
    with record.open("ab") as stream:
        stream.write(lines.encode("utf-8"))
    flush(record)


def forget_since(folder: Path, size: int | None) -> None:
    """Remove what was added to a record since it had a size; None when there was none."""
    record = folder / WRITTEN_RECORD
    if size is None:
        record.unlink(missing_ok=True)
    elif record.stat().st_size > size:
        os.truncate(record, size)


def shorten_record(folder: Path) -> None:
    """Leave out all but the latest lines of each file, when that makes a long record much shorter."""
    record = folder / WRITTEN_RECORD
    if record.stat().st_size < LONG:
        return
    known = _hashes(record)
    if sum(map(len, known.values())) > 2 * _KEPT * len(known):
        latest = ((digest, path) for path, digests in known.items() for digest in digests[-_KEPT:])
        write_text(record, "".join(f"{digest}  {path}\n" for digest, path in latest))


def changed_since_written(path: Path) -> bool | None:
    """Whether a file or a whole folder differs from what was written there; None when no record lists it."""
    for folder in path.absolute().parents:
        known = _hashes(folder / WRITTEN_RECORD).get(path.absolute().relative_to(folder).as_posix())
        if known is not None:
            return digest_of(path) not in known
    return None


def refuse_edited(paths: Iterable[Path]) -> None:
    """Raise when a file or folder is there that was changed since it was written, or that was not written here.

    Tables and metadata that writers add to, rather than replace, do not count.
    """
    for path in paths:
        added_to = path.name in _ADDED_TO or path.name.endswith(".classes.json")
        if path.exists() and not added_to and changed_since_written(path) is not False:
            raise ReplaceRefused(
                f"{path} was changed since it was written, or was not written here",
                "move it away, or replace it with --overwrite.",
            )


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of the names and contents of all files in a folder."""
    if not path.is_dir():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    files = (file for file in path.rglob("*") if file.is_file())
    return digest_of_files({file.relative_to(path).as_posix(): digest_of(file) for file in files})


def digest_of_files(digests: Mapping[str, str]) -> str:
    """SHA-256 of a folder, from the paths within it and the SHA-256 of each file."""
    lines = "".join(f"{digest}  {PurePosixPath(name).as_posix()}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _hashes(record: Path) -> dict[str, list[str]]:
    """Everything that a record holds: path -> SHA-256 values, the latest last; an incomplete line is ignored."""
    found: dict[str, list[str]] = {}
    try:
        lines = record.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return found
    for line in lines:
        digest, mark, path = line.partition("  ")
        if mark and len(digest) == 64:
            found.setdefault(path, []).append(digest)
    return found
