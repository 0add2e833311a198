"""Names of classes and files within the rules of each format."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError

_RESERVED = re.compile(r'[<>:"/\\|?*%\x00-\x1f\x7f]')
_LONGEST_PART = 80  # bytes


def by_name(table: ClassTable, title: str) -> None:
    """Refuse a table with two classes of one name, for formats that identify classes by name only."""
    seen: dict[str, int] = {}
    for entry in table:
        if entry.name in seen:
            raise MaskFormatError(
                f"Classes {seen[entry.name]} and {entry.id} are both called {entry.name!r}, but {title} knows classes "
                "by name only; rename one."
            )
        seen[entry.name] = entry.id


def file_part(name: str) -> str:
    """Return a class name as part of a file name on every system: reserved characters become %3A and the like."""
    safe = _RESERVED.sub(lambda match: quote(match.group(), safe=""), name.strip()).strip(". ")
    short = safe.encode("utf-8", "replace")[:_LONGEST_PART].decode("utf-8", "ignore")
    return short.rstrip(". ") or "class"


def bare(file_name: str) -> str:
    """Return a file name without its suffix, double ones such as ``.ome.tif`` and ``.nii.gz`` included."""
    stem = file_name.rsplit(".", 1)[0]
    first, dot, last = stem.rpartition(".")
    return (first if dot and last.lower() in ("ome", "seg", "nii") else stem) or "mask"


def stem_of(file_name: str) -> str:
    """Return the stem for a mask from the file name of its image, folders kept when they are safe."""
    text = file_name.replace("\\", "/").split("?")[0]
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or ":" in text:
        path = PurePosixPath(path.name)
    return str(path.with_suffix("")) if path.name else "mask"


def unique(stem: str, used: set[str]) -> str:
    """Return a stem that is not used yet: ``a``, then ``a-2``."""
    name, number = stem, 1
    while name in used:
        number += 1
        name = f"{stem}-{number}"
    used.add(name)
    return name
