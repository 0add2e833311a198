"""Class tables beside masks: classes.json, labelmap.txt, and which files of a folder they describe."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from napari_cliptrase.classes.colors import RGB
from napari_cliptrase.classes.names import clean_name
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError, ReplaceRefused
from napari_cliptrase.json_file import read_json, whole
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.naming import bare
from napari_cliptrase.masks.output_place import OutputPlace

CLASS_FILE = "classes.json"
LABELMAP = "labelmap.txt"
SIDE_FOLDERS = ("overlays", "records", "scores")
"""What a run of ``segment`` writes beside its masks; these show or describe masks, and are not masks themselves."""
_HEADER = "# label:color_rgb:parts:actions"


def read_class_file(path: Path) -> ClassTable:
    """Read a ``classes.json``."""
    try:
        return ClassTable.from_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise MaskFormatError(f"{path} cannot be read as a class table ({error}).") from error


def shared(table: ClassTable, place: OutputPlace, tally: Tally) -> ClassTable:
    """Return the table to write: classes, void and background of other masks in the folder stay in it.

    Renamed classes are noted; one number that is a class here and void there is refused.
    """
    path = place.folder / place.beside(CLASS_FILE)
    if not path.is_file():
        return table
    old = read_class_file(path)
    _check_void(table, old, path)
    for entry in old:
        new = table.get(entry.id)
        if new is not None and new.name != entry.name and place.protect:
            raise ReplaceRefused(
                f"{path}: class {entry.id} is {entry.name!r} in the masks there and {new.name!r} here",
                "choose another folder, or give the number its new meaning for all masks there with --overwrite.",
            )
        if new is not None and new.name != entry.name:
            tally.note(f"{path}: class {entry.id} was {entry.name!r} and is now {new.name!r}, for all masks there.")
    kept = tuple(entry for entry in old if table.get(entry.id) is None)
    background = tuple(dict.fromkeys(table.background + old.background))
    void = old.void if table.void is None else table.void
    return replace(table, classes=table.classes + kept, void=void, background=background)


def _check_void(table: ClassTable, old: ClassTable, path: Path) -> None:
    """Refuse what would give a number in the masks of a folder two meanings."""
    advice = "choose another folder, or delete that file when its masks are replaced too"
    if None not in (table.void, old.void) and table.void != old.void:
        raise MaskFormatError(f"Void is {table.void} here but {old.void} in {path}; {advice}.")
    for void, other, where in ((table.void, old, f"in {path}"), (old.void, table, "here")):
        entry = None if void is None else other.get(void)
        if entry is not None:
            raise MaskFormatError(
                f"{void} is the number of void pixels in one mask but that of class {entry.name!r} {where}; {advice}."
            )


def with_names(table: ClassTable, names: Iterable[str]) -> ClassTable:
    """Return the table plus classes for names that it lacks, with the next free ids, in the order they come."""
    new = [name for name in dict.fromkeys(map(clean_name, names)) if table.by_name(name) is None]
    first = max((*table.ids, 0)) + 1
    free = (i for i in range(first, first + len(new) + 1) if i != table.void)
    added = tuple(MaskClass.named(i, name) for i, name in zip(free, new, strict=False))
    return replace(table, classes=table.classes + added)


def labelmap(table: ClassTable, palette: Sequence[RGB], tally: Tally) -> str:
    """Return a VOC ``labelmap.txt``: line k is the label of pixel value k, gaps are filled with dummies."""
    lines = [_HEADER, f"background:{_rgb(palette[0])}::"]
    ids = [i for i in table.ids if i < 256]
    for value in range(1, max(ids, default=0) + 1):
        entry = table.get(value)
        if entry is None:
            lines.append(f"_dummy{value}:{_rgb(palette[value])}::")
            continue
        name = entry.name.replace(":", "_")
        name = f"_{name[1:]}" if name.startswith("#") else name  # such a line is a comment
        if name != entry.name:
            tally.note(f"Class {entry.name!r} is called {name!r} in {LABELMAP}, which cannot hold its name.")
        lines.append(f"{name}:{_rgb(palette[value])}::")
    return "\n".join(lines) + "\n"


def parse_labelmap(text: str, source: str) -> ClassTable:
    """Read a ``labelmap.txt``; background and dummies are not classes, but their lines count."""
    classes = []
    value = 0
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, colors, *_ = [*line.split(":"), ""]
        try:
            red, green, blue = (int(part) for part in colors.split(","))
        except ValueError:
            raise MaskFormatError(f"{source}: line {line!r} is not of the form name:r,g,b:parts:actions.") from None
        if value and not name.startswith("_dummy"):
            classes.append(MaskClass(value, name, (red, green, blue)))
        value += 1
    return ClassTable(tuple(classes))


def _load_labelmap(path: Path) -> ClassTable:
    try:
        return parse_labelmap(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise MaskFormatError(f"{path} cannot be read as a label map ({error}).") from error


def beside(mask: Path) -> ClassTable | None:
    """Return the table that goes with a mask file: its own, that of its folder or of the two folders above."""
    own = mask.with_name(f"{bare(mask.name)}.{CLASS_FILE}")
    with contextlib.suppress(OSError):  # such a name may be too long, then there is no such file
        if own.is_file():
            return read_class_file(own)
    for folder in list(mask.parents)[:3]:
        if (folder / CLASS_FILE).is_file():
            return read_class_file(folder / CLASS_FILE)
        if (folder / LABELMAP).is_file():
            return _load_labelmap(folder / LABELMAP)
    return None


def colors_beside(mask: Path) -> tuple[ClassTable, dict[RGB, int]] | None:
    """Return the table that goes with a mask file and the id of each colour."""
    table = beside(mask)
    if table is None:
        return None
    colors = {(0, 0, 0): 0} | {entry.color: entry.id for entry in table}
    return table, colors


def parse_id_map(path: Path, masks: Iterable[LabelImage]) -> dict[int, int]:
    """Read a JSON object of class name (or id) -> id of the other data set."""
    try:
        pairs = {str(key): whole(value, key) for key, value in read_json(path).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise MaskFormatError(
            f'{path} is not an id map ({error}); expected JSON such as {{"road": 7, "car": 26}}.'
        ) from error
    ids = {entry.name: entry.id for mask in masks for entry in mask.classes}
    unknown = [key for key in pairs if key not in ids and not key.isdigit()]
    if unknown:
        raise MaskFormatError(f"{path} maps {unknown[0]!r}, but no class of the masks has that name.")
    return {ids.get(key, int(key) if key.isdigit() else 0): value for key, value in pairs.items()}


def mask_files(source: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Yield mask files and their stems: of a file, of a folder and those below, or of the folder of a classes.json."""
    if source.name.endswith(f".{CLASS_FILE}"):
        stem = source.name.removesuffix(f".{CLASS_FILE}")
        found = [p for p in sorted(source.parent.iterdir()) if bare(p.name) == stem and _ends(p, suffixes)]
        if not found:
            raise MaskFormatError(f"{source.parent} holds no mask called {stem}; keep {source.name} beside its mask.")
        yield from ((path, _stem(path.name, suffixes)) for path in found)
        return
    folder = source.parent if source.name == CLASS_FILE else source
    if folder.is_file():
        yield folder, _stem(folder.name, suffixes)
        return
    paths = [p for p in sorted(files_below(folder)) if _ends(p, suffixes) and p.is_file()]
    if not paths:
        raise MaskFormatError(f"{folder} holds no {' or '.join(suffixes)} file; choose the folder of the masks.")
    for path in paths:
        yield path, _stem(path.relative_to(folder).as_posix(), suffixes)


def holds(source: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether a file has one of the suffixes, or a folder (or that of a classes.json) holds such a file."""
    if source.name.endswith(f".{CLASS_FILE}"):
        stem = source.name.removesuffix(f".{CLASS_FILE}")
        return any(bare(path.name) == stem and _ends(path, suffixes) for path in source.parent.iterdir())
    if source.name == CLASS_FILE:
        source = source.parent
    if source.is_dir():
        return any(_ends(path, suffixes) for path in files_below(source))
    return _ends(source, suffixes)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield what a folder and those below hold, except hidden files and files beside masks."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if not any(part.startswith(".") for part in parts) and not set(parts[:-1]) & set(SIDE_FOLDERS):
            yield path


def _ends(path: Path, suffixes: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(suffixes)


def _stem(name: str, suffixes: tuple[str, ...]) -> str:
    suffix = max((s for s in suffixes if name.lower().endswith(s)), key=len, default="")
    return name[: len(name) - len(suffix)] or "mask"


def _rgb(color: RGB) -> str:
    return ",".join(map(str, color))
