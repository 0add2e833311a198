"""A mask and its provenance to the bytes of two PNG files and back: equal arrays give equal bytes."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.prompt_class import HIGHEST_CLASS_ID
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.masks.label_image import count_values, narrow
from napari_cliptrase.masks.png import open_png, read_png
from napari_cliptrase.masks.png_file import encode_png
from napari_cliptrase.masks.read_errors import read_error_text
from napari_cliptrase.project.dataset_files import COLORS
from napari_cliptrase.project.image_record import PlaneRecord
from napari_cliptrase.project.pixel_provenance import PALETTE, Provenance, Sources


class DamagedFile(ProjectError):
    """A file of a project that cannot be read as what it should be."""


@dataclass(frozen=True, eq=False)
class Annotation:
    """The work on one plane.

    Attributes
    ----------
    labels
        (H, W) uint8, or uint16 when an id is above 255; 0 is background.
    sources
        (H, W) uint8, a `Provenance` for each pixel.
    """

    labels: LabelArray
    sources: Sources

    @classmethod
    def checked(
        cls, labels: LabelArray, sources: NDArray[np.integer], shape: tuple[int, int], what: str
    ) -> "Annotation":
        """Return labels and provenance as they are stored; refuse anything but a mask of ``shape``."""
        for array, word in ((labels, "labels"), (sources, "provenance")):
            if array.shape != shape:
                raise ProjectError(f"The {word} of {what} have shape {array.shape}, but its image has {shape}.")
            if array.dtype.kind not in "bui":
                raise ProjectError(f"The {word} of {what} are {array.dtype} values; whole numbers are needed.")
            if array.dtype.kind == "i" and int(array.min()) < 0:
                raise ProjectError(f"The {word} of {what} hold negative numbers; they start at 0.")
        if int(labels.max()) > HIGHEST_CLASS_ID:
            raise ProjectError(f"The labels of {what} hold ids above {HIGHEST_CLASS_ID:,}, which no class can have.")
        if int(sources.max()) > Provenance.REVIEWED:
            raise ProjectError(f"The provenance of {what} holds {int(sources.max())}, which means nothing.")
        whole = labels.view(np.uint8) if labels.dtype == bool else labels
        return cls(narrow(whole), sources.astype(np.uint8, copy=False))

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> "Annotation":
        """Return a plane on which nobody has drawn."""
        return cls(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8))


@dataclass(frozen=True, eq=False)
class EncodedPlane:
    """The bytes of the files of a plane, and what is recorded of them."""

    mask: bytes
    provenance: bytes
    record: PlaneRecord


def encode_plane(plane: Annotation) -> EncodedPlane:
    """Return the files of a plane: an indexed PNG, or a 16-bit one when an id is above 255, and an indexed PNG."""
    mask = encode_png(plane.labels, palette=COLORS if plane.labels.dtype == np.uint8 else None)
    provenance = encode_png(plane.sources, palette=PALETTE)
    counts = {value: count for value, count in count_values(plane.labels).items() if value}
    return EncodedPlane(mask, provenance, PlaneRecord(zlib.crc32(mask), zlib.crc32(provenance), counts))


def read_mask(path: Path, shape: tuple[int, int]) -> LabelArray:
    """Return the labels (H, W) of a file, also of another program's; DamagedFile when they cannot be read."""
    try:
        labels = narrow(read_png(path, path.stem).labels)
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        raise DamagedFile(f"The mask {path} cannot be read: {read_error_text(error)}.") from error
    if labels.shape != shape:
        raise DamagedFile(f"The mask {path} has {_size(labels.shape)} pixels, but its image has {_size(shape)}.")
    if labels.dtype.itemsize > 2:
        raise DamagedFile(f"The mask {path} holds ids above {HIGHEST_CLASS_ID:,}, which no class can have.")
    return labels


def read_sources(path: Path, shape: tuple[int, int]) -> Sources:
    """Return the provenance (H, W) uint8 of a file; DamagedFile when it cannot be read."""
    try:
        sources, _ = open_png(path)
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        raise DamagedFile(f"The provenance {path} cannot be read: {read_error_text(error)}.") from error
    if sources.shape != shape or sources.dtype != np.uint8 or int(sources.max()) > Provenance.REVIEWED:
        raise DamagedFile(f"The provenance {path} does not fit its mask.")
    return sources


def checksum(path: Path) -> int:
    """CRC-32 of a file's bytes."""
    return zlib.crc32(path.read_bytes())


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, reversed(shape)))
