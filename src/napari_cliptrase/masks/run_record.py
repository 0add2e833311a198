"""How masks were made, beside them: a JSON file for each image with hashes of its masks and the records of its runs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from napari_cliptrase.atomic import write_text
from napari_cliptrase.masks.written_record import digest_of

RECORDS_FOLDER: Final = "records"


def record_path(folder: Path, stem: str) -> Path:
    """Return where the record of an image lies; ``stem`` is that of its mask."""
    return folder / RECORDS_FOLDER / f"{stem}.json"


def write_record(
    folder: Path,
    stem: str,
    masks: Sequence[str],
    provenance: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Write the record of an image.

    Parameters
    ----------
    folder
        Where the masks lie.
    stem
        Name of the image's mask without its ending.
    masks
        Files or folders of the masks, relative to ``folder``, with ``/``.
    provenance
        How each plane was made.
    about
        What else is known of the image.
    """
    hashes = {name: digest_of(folder / name) for name in masks}
    record = {**(about or {}), "masks": hashes, "provenance": [dict(entry) for entry in provenance]}
    path = record_path(folder, stem)
    write_text(path, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    return path
