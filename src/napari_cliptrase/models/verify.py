"""SHA-256 of weight files: computed once for each state of a file, and compared with what it has to be."""

import hashlib
import json
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from napari_cliptrase import atomic
from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.catalog import ModelEntry, find_entry
from napari_cliptrase.models.checkpoint import read_tensors
from napari_cliptrase.models.folders import cache_folder, openai_archive, openai_folder
from napari_cliptrase.models.open_clip_registry import openai_hashes
from napari_cliptrase.progress import Progress, run_to_end

HASH_CHUNK = 1 << 22

# below this, hashing is quicker than looking up what it was
SMALL_FILE = 1 << 25


@dataclass(frozen=True)
class Verdict:
    """The SHA-256 that a file has, and the one that it has to have; None where none was published.

    ``problem`` says why such a file cannot be read.
    """

    path: Path
    found: str
    expected: str | None
    problem: str = ""

    @property
    def damaged(self) -> bool:
        """Whether the file is not what was published, or cannot be read."""
        return bool(self.problem) or (self.expected is not None and self.found != self.expected)


def verify_steps(entry: ModelEntry) -> Generator[Progress, None, Verdict]:
    """Read the weights of a shipped or cached model again; compare their hash or, without one, check that they open."""
    if entry.path is None:
        raise ModelError(f"{entry.name} is not on this computer; download it with: {download_command(entry.name)}")
    expected = entry.checkpoint.sha256 if entry.checkpoint else expected_sha256(entry.path)
    found = yield from sha256_steps(entry.path, fresh=True)
    return Verdict(entry.path, found, expected, "" if expected else _problem(entry.path, found))


def download_command(name: str) -> str:
    """Return what a user types to download a model."""
    return f"napari-cliptrase models download {name}"


def sha256_of(path: Path, *, fresh: bool = False) -> str:
    """Return the SHA-256 of a file in hex digits; see `sha256_steps`."""
    return run_to_end(sha256_steps(path, fresh=fresh))


def sha256_steps(path: Path, *, fresh: bool = False) -> Generator[Progress, None, str]:
    """Compute the SHA-256 of a file; those of large ones are remembered by place, size and time of change.

    ``fresh`` reads the file in any case.
    """
    state = path.stat()
    note = _note_of(path)
    if state.st_size >= SMALL_FILE and not fresh:
        remembered = _remembered(note, state.st_size, state.st_mtime_ns)
        if remembered is not None:
            return remembered
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(HASH_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            yield Progress(done, state.st_size, f"checking {path.name}", "bytes")
    found = digest.hexdigest()
    if state.st_size >= SMALL_FILE:
        _remember(note, {"file": str(path), "size": state.st_size, "mtime_ns": state.st_mtime_ns, "sha256": found})
    return found


def known_sha256(sam: str) -> str | None:
    """Return the SHA-256 of the weights of a SAM, by name or file, if that takes no time.

    As published, as noted, or as once computed.
    """
    entry = find_entry(sam, "sam")
    if entry is not None and entry.checkpoint is not None:
        return entry.checkpoint.sha256
    path = Path(sam).expanduser() if entry is None else entry.path
    if path is None or not path.is_file():
        return None
    state = path.stat()
    return (
        expected_sha256(path)
        or _remembered(_note_of(path), state.st_size, state.st_mtime_ns)
        or (sha256_of(path) if state.st_size < SMALL_FILE else None)
    )


def write_expected(path: Path, sha256: str) -> None:
    """Note beside a file what its SHA-256 has to be, as ``sha256sum -c`` reads it."""
    path.with_name(f"{path.name}.sha256").write_text(f"{sha256}  {path.name}\n")


def expected_sha256(path: Path) -> str | None:
    """Return what the SHA-256 of a downloaded file has to be, or None when it was not noted.

    In the cache of Hugging Face a file is a link to a blob whose name is the hash; the archives of OpenAI were
    published under theirs.
    """
    blob = as_sha256(path.resolve().name)
    if blob is not None:
        return blob
    try:
        return as_sha256(path.with_name(f"{path.name}.sha256").read_text().split()[0])
    except (OSError, UnicodeError, IndexError):
        pass
    if path.parent == openai_folder():
        return next((found for found, name in openai_hashes().items() if openai_archive(name) == path.name), None)
    return None


def as_sha256(text: str | None) -> str | None:
    """Return the text if it is a SHA-256 in hex digits, else None."""
    return text if text and re.fullmatch(r"[0-9a-f]{64}", text) else None


def _problem(path: Path, sha256: str) -> str:
    try:
        read_tensors(path, sha256, "get it again")
    except ModelError as error:
        return str(error)
    return ""


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
