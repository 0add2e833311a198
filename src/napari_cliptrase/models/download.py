"""What `napari-cliptrase models` does to the weights on the disk: download, download again, verify."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.catalog import Checkpoint, ModelEntry, find_entry
from napari_cliptrase.models.fetch import fetch
from napari_cliptrase.models.folders import sam_folder
from napari_cliptrase.models.hashes import sha256_of
from napari_cliptrase.models.hub import expected_sha256
from napari_cliptrase.models.model_names import parse_name

Count = Callable[[int, int], None]
Ask = Callable[[], bool]


@dataclass(frozen=True)
class Verdict:
    """The SHA-256 that a file has, and the one that it has to have; None where nobody published one.

    ``trouble`` says why such a file cannot be read.
    """

    path: Path
    found: str
    expected: str | None
    trouble: str = ""

    @property
    def damaged(self) -> bool:
        """Whether the file is not what was published, or cannot be read."""
        return bool(self.trouble) or (self.expected is not None and self.found != self.expected)


def verify(entry: ModelEntry, progress: Count | None = None, cancelled: Ask | None = None) -> Verdict:
    """Read the weights of a shipped or cached model anew; compare their hash, or see whether they open without one."""
    if entry.path is None:
        raise ModelError(f"{entry.name} is not on this computer; download it with: {download_command(entry.name)}")
    expected = entry.checkpoint.sha256 if entry.checkpoint else expected_sha256(entry.path)
    found = sha256_of(entry.path, fresh=True, progress=progress, cancelled=cancelled)
    return Verdict(entry.path, found, expected, "" if expected else _trouble(entry.path, found))


def download(name: str, progress: Count | None = None, cancelled: Ask | None = None) -> tuple[Path, bool]:
    """Return the weights file of a CLIP or SAM model and whether it was downloaded now.

    A file that is there is read and, when it is damaged, fetched again.
    """
    entry = find_entry(name)
    there = entry is not None and entry.path is not None
    if entry is not None and entry.path is not None and not verify(entry, progress, cancelled).damaged:
        return entry.path, False
    if entry is not None and entry.state == "shipped":
        raise ModelError(f"The weights of {name} come with napari-cliptrase and are damaged; install it again.")
    if entry is not None and entry.checkpoint is not None:
        return _sam(entry.checkpoint, progress, cancelled), True
    return _clip(name, progress, cancelled, fresh=there)


def download_command(name: str) -> str:
    """Return what a user types to download a model."""
    return f"napari-cliptrase models download {name}"


def _trouble(path: Path, sha256: str) -> str:
    from napari_cliptrase.models.checkpoint import read_weights

    try:
        read_weights(path, sha256, {}, "get it again")
    except ModelError as error:
        return str(error)
    return ""


def _sam(checkpoint: Checkpoint, progress: Count | None, cancelled: Ask | None) -> Path:
    target = sam_folder() / checkpoint.filename
    sha256, size = checkpoint.sha256, checkpoint.size
    return fetch(checkpoint.url, target, sha256=sha256, size=size, progress=progress, cancelled=cancelled)


def _clip(name: str, progress: Count | None, cancelled: Ask | None, *, fresh: bool) -> tuple[Path, bool]:
    from napari_cliptrase.models.load import refuse_unsupported
    from napari_cliptrase.models.weights_source import bring_weights, find_source

    source = find_source(parse_name(name), cancelled)
    refuse_unsupported(source)
    return bring_weights(source, progress, cancelled, fresh=fresh), fresh or source.weights is None
