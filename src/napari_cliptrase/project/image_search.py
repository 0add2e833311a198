"""Which images a folder holds, and what their masks are called."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.pixels.read import IMAGE_SUFFIXES
from napari_cliptrase.project.project_paths import DATUMARO, HUGGING_FACE, IMAGES, INNER, MASKS, REPORT_FILE, fitting


@dataclass(frozen=True)
class FileStamp:
    """Length of a file in bytes and its time of change in nanoseconds: they show a change without reading the file."""

    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> "FileStamp":
        """Return the stamp of a file."""
        found = path.stat()
        return cls(found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class FoundImages:
    """What a search found.

    Attributes
    ----------
    images
        Stamp of each image by its name (path within the folder, with ``/``), in the order of names.
    others
        How many files are not images.
    left_out
        How many images do not fit the patterns.
    """

    images: Mapping[str, FileStamp]
    others: int = 0
    left_out: int = 0


def images_below(folder: Path) -> str:
    """Return ``"images"`` when that subfolder holds the images and the folder itself has none; else nothing."""
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise ProjectError(f"{folder} cannot be read ({error.strerror or error}); choose another folder.") from error
    here = any(_is_image(entry.name) and entry.is_file() for entry in entries)
    below = any(entry.name == IMAGES and entry.is_dir() for entry in entries)
    return IMAGES if below and not here else ""


def find_images(folder: Path, *, recursive: bool = True, patterns: tuple[str, ...] = ()) -> FoundImages:
    """Look for images; hidden files and the files of a project itself are skipped.

    Links are followed, but for those to a folder above them, which would lead round in a circle. A link to a file that
    is gone counts among what is not an image.

    Parameters
    ----------
    folder
        Where to look.
    recursive
        Whether to look into folders below.
    patterns
        Such as ``"*.jpg"`` or ``"left/*"``; one of them must fit the name or the path, upper or lower case. None: all.
    """
    found: dict[str, FileStamp] = {}
    others = left_out = 0
    folded = [pattern.casefold() for pattern in patterns]
    waiting: list[tuple[Path, str, tuple[Path, ...]]] = [(folder, "", ())]
    while waiting:
        here, above, way = waiting.pop()
        for entry in _entries(here):
            if entry.name.startswith("."):
                continue
            name = above + entry.name
            if entry.is_dir():
                if recursive and not (not above and entry.name == MASKS) and not (here / entry.name / INNER).is_dir():
                    places = (*way, here.resolve()) if entry.is_symlink() else way
                    if not entry.is_symlink() or not _leads_back(here / entry.name, places):
                        waiting.append((here / entry.name, f"{name}/", places))
            elif not _is_image(entry.name):
                others += above != "" or entry.name not in (DATUMARO, HUGGING_FACE, REPORT_FILE)
            elif folded and not any(_fits(name, pattern) for pattern in folded):
                left_out += 1
            else:
                try:
                    about = entry.stat()
                except FileNotFoundError:  # a link that leads nowhere
                    others += 1
                    continue
                found[name] = FileStamp(about.st_size, about.st_mtime_ns)
    return FoundImages(dict(sorted(found.items())), others, left_out)


def _leads_back(link: Path, places: tuple[Path, ...]) -> bool:
    """Whether a link leads to one of the places where links were followed on the way to it, or to a folder above."""
    target = link.resolve()
    return any(place.is_relative_to(target) for place in places)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except OSError as error:
        raise ProjectError(
            f"{folder} cannot be read ({error.strerror or error}); change its permissions or leave it out."
        ) from error


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES and not name.startswith(".")


def _fits(name: str, pattern: str) -> bool:
    folded = name.casefold()
    return fnmatchcase(folded, pattern) or fnmatchcase(folded.rpartition("/")[2], pattern)


def mask_stems(names: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return for each image the path of its mask, without suffix.

    ``a.png`` gets ``a``. Where two images would share that, also on systems that ignore upper and lower case,
    they get ``a_png`` and ``a_jpg``. Images in ``known`` keep what they have.
    """
    names = list(names)
    taken = {stem.casefold() for stem in known.values()}
    stems = {name: known[name] for name in names if name in known}
    new = [name for name in names if name not in known]
    plain = {name: _plain(name) for name in new}
    counts = Counter(stem.casefold() for stem in plain.values())
    for name in new:
        stem = plain[name]
        if counts[stem.casefold()] > 1 or stem.casefold() in taken:
            stem = f"{stem}_{PurePosixPath(name).suffix[1:]}"
        number, free = 1, stem
        while free.casefold() in taken:
            number += 1
            free = f"{stem}_{number}"
        taken.add(free.casefold())
        stems[name] = free
    return stems


def _plain(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(fitting(path.stem)))
