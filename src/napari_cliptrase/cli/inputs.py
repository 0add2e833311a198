"""Which images a command was given, and what the outputs of each are called."""

import glob
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import typer

from napari_cliptrase.batch.input_file import Failure, Input
from napari_cliptrase.masks.tables import SIDE_FOLDERS
from napari_cliptrase.masks.written_record import changed_since_written
from napari_cliptrase.pixels.read import IMAGE_SUFFIXES


def print_failure(failure: Failure) -> None:
    """Say on the error stream what was not done, in one line."""
    typer.echo(f"{typer.style('FAILED', fg='red', bold=True)} {failure.source}: {failure.reason}", err=True)


def named(things: Iterable[object], most: int = 5) -> str:
    """Name things in a sentence, the first of them when there are many."""
    names = list(map(str, things))
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def find_inputs(arguments: Sequence[str], out: Path) -> tuple[list[Input], list[Failure]]:
    """Find the images behind files, folders and patterns, in a fixed order, each once.

    Folders are searched to the bottom, except for hidden files and what earlier runs wrote into ``out``. Images of one
    name get different stems.
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
    if not argument.strip():
        return Failure('""', "an empty name; write . for the current folder.")
    path = Path(argument)
    if path.is_dir():
        images = [p for p in sorted(path.rglob("*")) if _is_image(p) and not _is_hidden(p.relative_to(path))]
        inside = [p for p in images if not _is_output(p, path, out)]
        if images and not inside:
            return Failure(argument, f"the folder holds no image but what earlier runs wrote into {out}.")
        if not inside:
            return Failure(argument, "the folder holds no image.")
        return [(p, PurePosixPath(p.relative_to(path).as_posix())) for p in inside]
    if not path.exists() and glob.has_magic(argument):
        matches = [Path(match) for match in sorted(glob.glob(argument, recursive=True))]
        files = [match for match in matches if match.is_file()]
        if not files:
            return Failure(argument, "no file has this name.")
        return [(match, PurePosixPath(match.name)) for match in files]
    if not path.exists():
        return Failure(argument, "does not exist; check the name.")
    return [(path, PurePosixPath(path.name))]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)


def _is_output(path: Path, searched: Path, out: Path) -> bool:
    """Whether a file was written by an earlier run, which must not take its own masks for images."""
    if not path.resolve().is_relative_to(out.resolve()):
        return False
    if searched.resolve() != out.resolve() and not searched.resolve().is_relative_to(out.resolve()):
        return True  # the folder of the masks lies in the one that is searched and holds nothing else
    below = path.resolve().relative_to(out.resolve())
    return below.parts[0] in SIDE_FOLDERS or changed_since_written(path) is not None


def _distinct(found: list[tuple[Path, PurePosixPath]]) -> list[str]:
    """Name each image: ``a``; where two would share that, ``a_png``; where that is not enough, ``folder_a_png``."""
    found = [(path, _beside_side_folders(relative)) for path, relative in found]
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


def _beside_side_folders(relative: PurePosixPath) -> PurePosixPath:
    """Rename folders that are called like those of overlays and records, so that no mask lies among them."""
    folders = [f"{part}_images" if part.casefold() in SIDE_FOLDERS else part for part in relative.parts[:-1]]
    return PurePosixPath(*folders, relative.name)


def _with_ending(relative: PurePosixPath) -> str:
    ending = relative.suffix.removeprefix(".")
    return relative.with_suffix("").as_posix() + (f"_{ending}" if ending else "")


def _counts(names: list[str]) -> Counter[str]:
    # some file systems ignore upper and lower case
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
