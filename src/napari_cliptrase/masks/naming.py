"""Names of classes and files within the rules of each format."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_RESERVED = re.compile(r'[<>:"/\\|?*%\x00-\x1f\x7f]')


def by_name(table: ClassTable, title: str) -> None:
    """Refuse a table with two classes of one name, for formats that know classes by name only."""
    seen: dict[str, int] = {}
    for entry in table:
        if entry.name in seen:
            raise MaskFormatError(
                f"Classes {seen[entry.name]} and {entry.id} are both called {entry.name!r}, but {title} knows classes "
                "by name only; rename one."
            )
        seen[entry.name] = entry.id


def check_text(mask: LabelImage) -> None:
    """Refuse names that no text file can hold: broken characters, from a damaged file or an odd file name."""
    names = [("Mask", mask.stem), ("Image", mask.image_name or "")]
    names += [("Background", name) for name in mask.classes.background]
    for entry in mask.classes:
        names += [("Class", entry.name), *(("Prompt", prompt) for prompt in entry.prompts)]
    for what, name in names:
        if any(0xD800 <= ord(c) <= 0xDFFF for c in name):
            raise MaskFormatError(f"{what} {name!r} holds a broken character, which no text file can hold; rename it.")


def xml_name(name: str, title: str, what: str = "Class") -> str:
    """Return a name that XML can hold; refuse control characters. ``what`` is named, for the message."""
    if _CONTROL.search(name) or any(0xD800 <= ord(c) <= 0xDFFF or ord(c) in (0xFFFE, 0xFFFF) for c in name):
        raise MaskFormatError(f"{what} {name!r} holds a control character, which {title} cannot hold; rename it.")
    return name


def file_part(name: str) -> str:
    """Return a class name as part of a file name on every system: reserved characters become %3A and the like."""
    safe = _RESERVED.sub(lambda match: quote(match.group(), safe=""), name.strip())
    return safe.strip(". ")[:80] or "class"


def one_line(name: str, forbidden: str = "") -> str:
    """Return a name on one line without the characters that the format keeps for itself."""
    return "".join("_" if c in forbidden else c for c in _CONTROL.sub(" ", name))


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
