"""SHA-256 of weight files, computed once for each state of a file."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from napari_cliptrase import atomic
from napari_cliptrase.errors import Cancelled
from napari_cliptrase.models.folders import cache_folder

CHUNK = 1 << 22

# below this, hashing is quicker than looking up what it was
SMALL = 1 << 25


def sha256_of(
    path: Path,
    *,
    fresh: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> str:
    """Return the SHA-256 of a file in hex digits; large ones are remembered by place, size and time of change.

    ``fresh`` reads the file in any case. ``progress`` gets bytes done and bytes in all.
    """
    state = path.stat()
    note = _note_of(path)
    if state.st_size >= SMALL and not fresh:
        remembered = _remembered(note, state.st_size, state.st_mtime_ns)
        if remembered is not None:
            return remembered
    found = _hash(path, state.st_size, progress, cancelled)
    if state.st_size >= SMALL:
        _remember(note, {"file": str(path), "size": state.st_size, "mtime_ns": state.st_mtime_ns, "sha256": found})
    return found


def remembered_sha256(path: Path) -> str | None:
    """Return the SHA-256 of a file if that takes no time: it is small, or its hash was computed before."""
    state = path.stat()
    if state.st_size < SMALL:
        return sha256_of(path)
    return _remembered(_note_of(path), state.st_size, state.st_mtime_ns)


def _hash(
    path: Path, size: int, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, size)
            if cancelled is not None and cancelled():
                raise Cancelled(f"Checking {path.name} was cancelled.")
    return digest.hexdigest()


def _note_of(path: Path) -> Path:
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]
    return cache_folder() / "hashes" / f"{key}.json"


def _remembered(note: Path, size: int, mtime_ns: int) -> str | None:
    try:
        data = json.loads(note.read_text())
        return str(data["sha256"]) if (data["size"], data["mtime_ns"]) == (size, mtime_ns) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(note: Path, data: dict[str, object]) -> None:
    try:
        atomic.write_text(note, json.dumps(data, indent=1) + "\n")
    except OSError:
        return  # a cache that cannot be written to only costs time
