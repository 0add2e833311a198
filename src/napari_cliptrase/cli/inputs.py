"""Which images a command was given, and what the outputs of each are called."""

import glob
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from napari_cliptrase.pixels.read import SUFFIXES


@dataclass(frozen=True)
class Input:
    """An image and the name of its outputs, without suffix; the name may hold folders, with ``/``."""

    path: Path
    stem: str


@dataclass(frozen=True)
class Failure:
    """Something that was asked for and not done, and why, in one sentence."""

    source: str
    reason: str


def find_images(arguments: Sequence[str], out: Path) -> tuple[list[Input], list[Failure]]:
    """Find the images behind files, folders and patterns, in a fixed order, each once.

    Folders are searched to the bottom, except for what lies in ``out``. Images of one name get different stems.
    """
    found: dict[Path, PurePosixPath] = {}
    failures = []
    for argument in arguments:
        here = _expand(argument, out)
        if isinstance(here, Failure):
            failures.append(here)
            continue
        for path, relative in here:
            found.setdefault(path, relative)
    stems = _distinct(list(found.items()))
    return [Input(path, stem) for path, stem in zip(found, stems, strict=True)], failures


def _expand(argument: str, out: Path) -> list[tuple[Path, PurePosixPath]] | Failure:
    path = Path(argument)
    if path.is_dir():
        inside = [p for p in sorted(path.rglob("*")) if _is_image(p) and out.resolve() not in p.resolve().parents]
        if not inside:
            return Failure(argument, "the folder holds no image.")
        return [(p, PurePosixPath(p.relative_to(path).as_posix())) for p in inside]
    if not path.exists() and glob.has_magic(argument):
        matches = [Path(match) for match in sorted(glob.glob(argument, recursive=True))]
        files = [match for match in matches if match.is_file()]
        if not files:
            return Failure(argument, "no file is called like that.")
        return [(match, PurePosixPath(match.name)) for match in files]
    return [(path, PurePosixPath(path.name))]  # one that does not exist fails when it is read


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _distinct(found: list[tuple[Path, PurePosixPath]]) -> list[str]:
    """Name each image: ``a``; where two would share that, ``a_png``; where that is not enough, ``folder_a_png``."""
    levels = [
        [relative.with_suffix("").as_posix() for _, relative in found],
        [_with_ending(relative) for _, relative in found],
        [f"{path.absolute().parent.name}_{_with_ending(relative)}".lstrip("_") for path, relative in found],
    ]
    names = levels[0]
    for finer in levels[1:]:
        taken = _counts(names)
        names = [better if taken[name.casefold()] > 1 else name for name, better in zip(names, finer, strict=True)]
    return _numbered(names)


def _with_ending(relative: PurePosixPath) -> str:
    ending = relative.suffix.removeprefix(".")
    return relative.with_suffix("").as_posix() + (f"_{ending}" if ending else "")


def _counts(names: list[str]) -> Counter[str]:
    # some file systems do not tell upper from lower case
    return Counter(name.casefold() for name in names)


def _numbered(names: list[str]) -> list[str]:
    """Add a number to each name that is still taken."""
    taken: set[str] = set()
    result = []
    for name in names:
        number, free = 1, name
        while free.casefold() in taken:
            number += 1
            free = f"{name}_{number}"
        taken.add(free.casefold())
        result.append(free)
    return result
