"""Where an export goes: a file or a folder that the user named, and the files beside it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from napari_cliptrase.masks.naming import bare

FILE_SUFFIXES: Final = (
    ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".npz", ".json", ".geojson", ".xml", ".zip", ".nrrd", ".nii", ".nii.gz",
    ".zarr", ".txt", ".yaml",
)  # fmt: skip
"""Suffixes by which a target is taken for a file, and refused by formats that do not have them."""


class Layout(StrEnum):
    """What the target of an export names."""

    EACH = "each"
    """One file per mask: a file for a single mask, else a folder."""
    ONE = "one"
    """One file for all masks, or the folder to put it in."""
    FOLDER = "folder"
    """A folder with a tree of files."""


@dataclass(frozen=True)
class OutputPlace:
    """Where an export goes: a folder, and the file when the user named one."""

    folder: Path
    file: str | None = None
    protect: bool = False
    """Whether existing numbers must keep their meaning."""

    def beside(self, name: str) -> str:
        """Name of a side file: ``classes.json``, or ``a.classes.json`` when the user named ``a.png``."""
        return name if self.file is None else f"{bare(self.file)}.{name}"
