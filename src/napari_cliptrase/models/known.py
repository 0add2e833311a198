"""Which weights a SAM has, as far as that is known without reading them; imports no torch."""

from pathlib import Path

from napari_cliptrase.models.catalog import find_entry
from napari_cliptrase.models.hashes import remembered_sha256
from napari_cliptrase.models.hub import expected_sha256


def known_sha256(sam: str) -> str | None:
    """Return the SHA-256 of the weights of a SAM, by name or file: as published, as noted, or as once computed."""
    entry = find_entry(sam, "sam")
    if entry is not None and entry.checkpoint is not None:
        return entry.checkpoint.sha256
    path = Path(sam).expanduser() if entry is None else entry.path
    if path is None or not path.is_file():
        return None
    return expected_sha256(path) or remembered_sha256(path)
