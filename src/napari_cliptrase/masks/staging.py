"""All files of an export appear together or not at all.

First everything is written under temporary names beside the targets and flushed to the disk; only then do the files
take their places, one after the other. When that fails half-way, those that had taken their places go back.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from napari_cliptrase.atomic import flush, mode_for, umask
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
    """Files under temporary names, until `commit` puts them into their places or `discard` takes them away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: list[Path] = []
        self._written: dict[Path, Path] = {}
        self._old: dict[Path, Path] = {}
        self._new_folders: list[Path] = []

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
            self._write_file(target, item.data)
        else:
            if target.exists() and not _is_zarr(target):
                raise MaskFormatError(
                    f"{target} exists and is no zarr folder, so it is not replaced; choose another name."
                )
            self._write_folder(target, item.files)

    def commit(self) -> None:
        """Put everything into its place; when one step fails, all goes back to what it was."""
        done: list[Path] = []
        try:
            for target, new in self._written.items():
                if target.exists():
                    self._keep_old(target)
                done.append(target)
                os.replace(new, target)
        except BaseException:
            for target in reversed(done):
                self._put_back(target)
            raise
        for old in self._old.values():
            _remove(old)

    def discard(self) -> None:
        """Take away what was written, and the folders that were made for it."""
        for path in (*self._written.values(), *self._old.values()):
            _remove(path)
        for folder in reversed(self._new_folders):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _write_file(self, target: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}-", dir=target.parent)
        self._written[target] = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode_for(target))

    def _write_folder(self, target: Path, files: Mapping[str, bytes]) -> None:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}-", dir=target.parent))
        self._written[target] = folder
        for name, data in files.items():
            path = folder / PurePosixPath(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            flush(path)
        folder.chmod(mode_for(target) if target.exists() else 0o777 & ~umask())

    def _keep_old(self, target: Path) -> None:
        """Keep what is in a place under another name; a file stays in its place too, so that it is never missing."""
        old = self._written[target].with_name(f"{self._written[target].name}.old")
        if target.is_dir():
            os.replace(target, old)
        else:
            try:
                os.link(target, old)
            except OSError:  # not every file system knows links
                shutil.copy2(target, old)
        self._old[target] = old

    def _put_back(self, target: Path) -> None:
        with contextlib.suppress(OSError):
            old = self._old.pop(target, None)
            if old is None:
                if not self._written[target].exists():  # it had moved to its place
                    _remove(target)
                return
            if old.is_dir():
                _remove(target)
            os.replace(old, target)
            _remove(old)  # a link to what is still in its place stays

    def _make_parents(self, target: Path) -> None:
        for parent in reversed([parent for parent in target.parents if not parent.exists()]):
            parent.mkdir()
            self._new_folders.append(parent)


@contextmanager
def staged(folder: Path) -> Iterator[Staging]:
    """Yield a staging area; an exception in the block leaves every file as it was and no new folder."""
    staging = Staging(folder)
    try:
        yield staging
        staging.commit()
    except BaseException:
        staging.discard()
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _is_zarr(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))
