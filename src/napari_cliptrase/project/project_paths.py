"""Where the files of a project are."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from napari_cliptrase.field_values import FieldError, checked_text, shown

INNER: Final = ".cliptrase"
MASKS: Final = "masks"
IMAGES: Final = "images"
DATUMARO: Final = "dataset_meta.json"
HUGGING_FACE: Final = "metadata.jsonl"
REPORT_FILE: Final = "report.html"
_LONGEST = 240  # bytes of a file name that leave room for the suffixes of temporary files


@dataclass(frozen=True)
class ProjectPaths:
    """The files of the project in ``folder``.

    Attributes
    ----------
    folder
        The folder that holds ``.cliptrase`` and ``masks``.
    images
        Folder of the images relative to it: ``""``, or ``"images"`` where they have a folder of that name.
    """

    folder: Path
    images: str = ""

    @property
    def inner(self) -> Path:
        """The folder of everything that is not the data set."""
        return self.folder / INNER

    @property
    def masks(self) -> Path:
        """The folder of the masks."""
        return self.folder / MASKS

    @property
    def image_folder(self) -> Path:
        """The folder that image names are relative to."""
        return self.folder / self.images if self.images else self.folder

    @property
    def project_file(self) -> Path:
        """Classes, model and settings."""
        return self.inner / "project.json"

    @property
    def lock(self) -> Path:
        """Who writes."""
        return self.inner / "lock.json"

    @property
    def index(self) -> Path:
        """Copies of all records, so that opening reads one file."""
        return self.inner / "index.json"

    @property
    def states(self) -> Path:
        """The folder of the records, one a file."""
        return self.inner / "state"

    @property
    def backup(self) -> Path:
        """The folder of what was there before the last model run."""
        return self.inner / "backup"

    @property
    def examples(self) -> Path:
        """The folder of what hand edits taught, a file for each model."""
        return self.inner / "examples"

    @property
    def set_aside(self) -> Path:
        """The folder of damaged files, and of masks of images that were reset."""
        return self.inner / "set-aside"

    @property
    def class_change(self) -> Path:
        """The folder of what was there before the last change of classes over all images."""
        return self.inner / "class-change"

    def image(self, name: str) -> Path:
        """Path of an image."""
        return self.image_folder / PurePosixPath(name)

    def state(self, name: str) -> Path:
        """Path of the record of an image."""
        return self.states / PurePosixPath(state_name(name))

    def mask(self, stem: str) -> Path:
        """Path of a mask."""
        return self.masks / PurePosixPath(f"{stem}.png")

    def provenance(self, stem: str) -> Path:
        """Path of the provenance of a mask."""
        return self.inner / "provenance" / PurePosixPath(f"{stem}.png")


def checked_inside(field: str, value: object) -> str:
    """Return a relative path with ``/`` that stays in its folder; a project from elsewhere may hold any text."""
    path = checked_text(field, value)
    steps = path.split("/")
    if not path or "\0" in path or ".." in steps or not steps[0] or PureWindowsPath(path).drive:
        raise FieldError(f"{field} is {shown(value)}; it must be a path within the project.")
    return path


def state_name(name: str) -> str:
    """Return the path of an image's record within the folder of records."""
    above, slash, last = name.rpartition("/")
    return f"{above}{slash}{fitting(last)}.json"


def fitting(part: str) -> str:
    """Return a file name that leaves room for suffixes; a long one is cut and made unique by its hash."""
    if part.isascii() and len(part) <= _LONGEST:
        return part
    content = part.encode("utf-8", "surrogateescape")
    if len(content) <= _LONGEST:
        return part
    return content[: _LONGEST - 9].decode("utf-8", "ignore") + "-" + hashlib.sha256(content).hexdigest()[:8]


def plane_stem(stem: str, key: str) -> str:
    """Return the stem of the files of a plane: ``a`` for a picture, ``a_z07`` for a plane of a stack."""
    return f"{stem}_{key}" if key else stem
