"""All formats, by key; and which of them a path is in."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks import (
    cityscapes,
    coco,
    coco_panoptic,
    coco_polygons,
    cvat,
    datumaro,
    geojson,
    imagej,
    label_studio,
    labelme,
    nifti,
    npz,
    ome_tiff,
    ome_zarr,
    png,
    png_per_class,
    seg_nrrd,
    tiff,
    voc,
    yolo,
)
from napari_cliptrase.masks.classes import ClassTable
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.model import LabelImage

_ALL = (
    png.FORMAT,
    voc.FORMAT,
    png_per_class.FORMAT,
    png.GREY,
    tiff.FORMAT,
    ome_tiff.FORMAT,
    npz.FORMAT,
    coco.STUFF,
    coco.INSTANCES,
    coco_panoptic.FORMAT,
    coco_polygons.FORMAT,
    labelme.FORMAT,
    cvat.FORMAT,
    label_studio.FORMAT,
    datumaro.FORMAT,
    cityscapes.FORMAT,
    geojson.FORMAT,
    yolo.FORMAT,
    imagej.FORMAT,
    seg_nrrd.FORMAT,
    nifti.FORMAT,
    ome_zarr.FORMAT,
)

# looked at first: what they recognise, a more general format recognises too
_SPECIFIC = (voc.FORMAT, png_per_class.FORMAT, ome_tiff.FORMAT, coco_panoptic.FORMAT)

FORMATS: Final[Mapping[str, MaskFormat]] = MappingProxyType({entry.key: entry for entry in _ALL})
"""Key -> format, in the order in which they are shown."""


def format_named(key: str) -> MaskFormat:
    """Return a format by its key; the error lists all keys."""
    found = FORMATS.get(key.lower())
    if found is None:
        raise MaskFormatError(f"There is no format {key!r}; choose one of {', '.join(FORMATS)}.")
    return found


def guess_format(path: str | Path) -> MaskFormat:
    """Return the format of an existing file or folder."""
    source = Path(path)
    if not source.exists():
        raise MaskFormatError(f"{source} does not exist; check the name.")
    for entry in sorted(FORMATS.values(), key=lambda entry: entry not in _SPECIFIC):
        if entry.recognises is not None and entry.recognises(source):
            return entry
    readable = ", ".join(key for key, entry in FORMATS.items() if entry.decode is not None)
    raise MaskFormatError(f"{source} is in no known mask format; name it with --from, one of {readable}.")


def read_masks(
    paths: Iterable[str | Path], form: MaskFormat | None = None, classes: ClassTable | None = None
) -> tuple[LabelImage, ...]:
    """Read all masks of files and folders, each in its own format unless ``form`` is given."""
    return tuple(mask for path in paths for mask in (form or guess_format(path)).read(path, classes))
