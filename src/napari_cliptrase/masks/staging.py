"""All files of an export appear together or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from napari_cliptrase.atomic import replacing
from napari_cliptrase.errors import MaskFormatError


@dataclass(frozen=True)
class OutFile:
    """A file to write: path relative to the folder of the export, and its bytes."""

    path: str
    data: bytes

    @classmethod
    def text(cls, path: str, text: str) -> "OutFile":
        """Return a UTF-8 text file."""
        return cls(path, text.encode("utf-8"))


@dataclass(frozen=True)
class OutFolder:
    """A folder that replaces the one of its name as a whole, such as a zarr group; ``files`` maps paths to bytes."""

    path: str
    files: Mapping[str, bytes]


class Staging:
    """Files under temporary names that take their places when the block of `staged` ends well."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.paths: list[Path] = []
        self._stack = stack

    def add(self, item: OutFile | OutFolder) -> None:
        """Write a file or folder under a temporary name."""
        target = self.folder / PurePosixPath(item.path)
        if target in self.paths:
            raise MaskFormatError(f"Two masks would both be written to {target}; give them different names.")
        self.paths.append(target)
        self._make_parents(target)
        if isinstance(item, OutFile):
            if target.is_dir():
                raise MaskFormatError(f"{target} is a folder, so no file can be written there; choose another name.")
            self._stack.enter_context(replacing(target)).write_bytes(item.data)
            return
        folder = self._stack.enter_context(_replacing_folder(target))
        for name, data in item.files.items():
            path = folder / PurePosixPath(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def _make_parents(self, target: Path) -> None:
        missing = [parent for parent in target.parents if not parent.exists()]
        for parent in reversed(missing):
            self._stack.enter_context(_new_folder(parent))


@contextmanager
def staged(folder: Path) -> Iterator[Staging]:
    """Yield a staging area; an exception in the block leaves every file as it was and no new folder."""
    with ExitStack() as stack:
        yield Staging(folder, stack)


@contextmanager
def _new_folder(path: Path) -> Iterator[None]:
    path.mkdir()
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            path.rmdir()
        raise


@contextmanager
def _replacing_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``target`` that takes its place when the block ends without an exception."""
    if target.exists() and not _is_zarr(target):
        raise MaskFormatError(f"{target} exists and is no zarr folder, so it is not replaced; choose another name.")
    new = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    old = new.with_name(new.name + ".old")
    try:
        yield new
        new.chmod(0o777 & ~_umask())
        if target.exists():
            target.rename(old)
            try:
                new.rename(target)
            except OSError:
                old.rename(target)
                raise
        else:
            new.rename(target)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)


def _is_zarr(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
