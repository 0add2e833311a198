"""The mask that belongs to an image: in a folder of mask files by its name, or in a file that holds many."""

from functools import cached_property
from pathlib import Path
from typing import Final

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks import tables
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import guess_format

_SINGLE: Final = {"png": (".png",), "tiff": (".tif", ".tiff"), "npz": (".npz",)}
"""Formats with a file for each image, by key, and the endings of their files."""


class MaskSearch:
    """Finds masks by the names of their images.

    A folder with a file for each image is read file by file, so that memory does not grow with their number. Everything
    else is read as a whole when the first mask is asked for.
    """

    def __init__(self, source: Path, classes: ClassTable | None = None) -> None:
        self.source = source
        self._format = guess_format(source)
        self._classes = classes

    def mask_of(self, stem: str) -> LabelImage:
        """Return the mask of the image that is called ``stem``, without suffix; folders in it stand before ``/``."""
        if stem in self._files:
            return self._format.read(self._files[stem], self._classes)[0]
        if self._files or stem not in self._all:
            raise MaskFormatError(f"{self.source} holds no mask called {stem!r}; mask and image share their name.")
        return self._all[stem]

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Mask files by the stem of their image; empty where the source is not a folder of such files."""
        if not self.source.is_dir() or self._format.key not in _SINGLE:
            return {}
        return {stem: path for path, stem in tables.mask_files(self.source, _SINGLE[self._format.key])}

    @cached_property
    def _all(self) -> dict[str, LabelImage]:
        return {mask.stem: mask for mask in self._format.read(self.source, self._classes)}
