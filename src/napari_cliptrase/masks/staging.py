"""All files of an export appear together or not at all.

First everything is written into a hidden folder beside the targets and flushed to the disk; only then are the files
moved to their places, one after the other. When that fails half-way, those that were moved are moved back.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from napari_cliptrase.atomic import exchange, flush, mode_for, naming_target, swap_folder, umask, work_folder
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.written_record import (
    WRITTEN_RECORD,
    digest_of_files,
    forget_since,
    note_written,
    shorten_record,
)


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
    """Files in a hidden folder beside their places, until `commit` moves them there or `discard` removes them.

    Leftovers of processes that were killed while they wrote into the same folder are removed first.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: list[Path] = []
        self._open = contextlib.ExitStack()
        self._works: dict[int, Path] = {}
        self._written: dict[Path, Path] = {}
        self._hashes: dict[str, str] = {}
        self._old: dict[Path, Path] = {}
        self._new_folders: list[Path] = []

    def add(self, item: OutFile | OutFolder) -> None:
        """Write a file or folder under a temporary name."""
        target = self.folder / PurePosixPath(item.path)
        with naming_target(target):
            self._add(target, item)

    def _add(self, target: Path, item: OutFile | OutFolder) -> None:
        if target in self.paths:
            raise MaskFormatError(f"Two masks would both be written to {target}; give them different names.")
        self.paths.append(target)
        self._make_parents(target)
        new = self._work(target.parent) / str(len(self.paths))
        if isinstance(item, OutFile):
            if target.is_dir():
                raise MaskFormatError(f"{target} is a folder, so no file can be written there; choose another name.")
            self._written[target] = new
            new.write_bytes(item.data)
            flush(new)
            new.chmod(mode_for(target))
            self._hashes[item.path] = _digest(item.data)
        else:
            if target.exists() and not _is_zarr(target):
                raise MaskFormatError(
                    f"{target} exists and is not a zarr folder, so it is not replaced; choose another name."
                )
            self._written[target] = new
            _write_folder(new, item.files)
            new.chmod(mode_for(target) if target.exists() else 0o777 & ~umask())
            self._hashes[item.path] = digest_of_files({name: _digest(data) for name, data in item.files.items()})

    def commit(self) -> None:
        """Move everything into its place; when one step fails, everything is restored."""
        done: list[Path] = []
        record = self.folder / WRITTEN_RECORD
        size = record.stat().st_size if record.exists() else None
        try:
            note_written(self.folder, self._hashes)
            for target, new in self._written.items():
                done.append(target)
                with naming_target(target):
                    self._place(target, new)
        except BaseException:
            for target in reversed(done):
                self._put_back(target)
            with contextlib.suppress(OSError):
                forget_since(self.folder, size)
            raise
        self._open.close()
        with contextlib.suppress(OSError):  # a long record does no harm
            shorten_record(self.folder)

    def discard(self) -> None:
        """Remove what was written, and the folders that were made for it."""
        self._open.close()
        for folder in reversed(self._new_folders):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _place(self, target: Path, new: Path) -> None:
        """Move what was written to its place, and keep what was there; a file is never missing meanwhile."""
        old = new.with_name(f"{new.name}.old")
        if target.is_dir():
            self._old[target] = old
            self._old[target] = swap_folder(new, target, self.folder)
            return
        if target.exists():
            try:
                os.link(target, old)
            except OSError:  # not every file system knows links
                shutil.copy2(target, old)
            self._old[target] = old
        os.replace(new, target)

    def _put_back(self, target: Path) -> None:
        with contextlib.suppress(OSError):
            old, new = self._old.get(target), self._written[target]
            if old is None:
                if not new.exists():  # it had moved to its place
                    _remove(target)
            elif not old.exists():
                pass  # nothing was moved yet
            elif old == new:
                exchange(old, target)
            elif old.is_dir():
                _remove(target)
                os.replace(old, target)
            else:
                os.replace(old, target)

    def _work(self, folder: Path) -> Path:
        """Folder for temporary files on the disk of ``folder``."""
        device = folder.stat().st_dev
        if device not in self._works:
            same = self.folder.stat().st_dev == device
            self._works[device] = self._open.enter_context(work_folder(self.folder if same else folder))
        return self._works[device]

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


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, data in files.items():
        path = folder / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        flush(path)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _is_zarr(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))
