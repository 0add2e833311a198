"""All formats, by key, and the format of a path."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from napari_cliptrase.classes.table import ClassTable
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
    tables,
    tiff,
    voc,
    yolo,
)
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.read_errors import read_error_text
from napari_cliptrase.progress import Watch

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

# checked first: what they recognise, a more general format recognises too
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
    """Return the format of an existing file or folder; refuse a folder in which several formats are mixed."""
    source = Path(path)
    try:
        there = source.exists()
    except OSError as error:
        raise MaskFormatError(f"{source} cannot be opened ({error.strerror}); check the name.") from error
    if not there:
        raise MaskFormatError(f"{source} does not exist; check the name.")
    ordered = sorted(FORMATS.values(), key=lambda entry: entry not in _SPECIFIC)
    candidate = Candidate(source)
    found = [entry for entry in ordered if _recognises(entry, candidate)]
    # a file in the folder that an export was given; beside masks, only where these are parts of its format
    found = [entry for entry in ordered if _holds_file_of(entry, source) and (entry in _SPECIFIC or not found)] or found
    if not found:
        readable = ", ".join(key for key, entry in FORMATS.items() if entry.decode is not None)
        raise MaskFormatError(f"{source} is in no known mask format; name it with --from, one of {readable}.")
    mixed = source.is_dir() or source.name.endswith(tables.CLASS_FILE)
    if mixed and found[0] not in _SPECIFIC and len(found) > 1:
        titles = " and ".join(entry.title for entry in found)
        keys = " or ".join(entry.key for entry in found)
        raise MaskFormatError(
            f"{source} holds files of several formats ({titles}), and only one can be meant; name the mask files "
            f"themselves, or the format with 'convert --from {keys}'."
        )
    return found[0]


def _holds_file_of(entry: MaskFormat, folder: Path) -> bool:
    file = entry.file_of(folder)
    return file != folder and _recognises(entry, Candidate(file))


def _recognises(entry: MaskFormat, candidate: Candidate) -> bool:
    """Whether a path looks like a format; refuse a path that cannot even be looked at."""
    try:
        return entry.recognises is not None and entry.recognises(candidate)
    except MaskFormatError:
        raise
    except Exception as error:  # damaged in a way that only its library knows
        raise MaskFormatError(f"{candidate.path} cannot be read: {read_error_text(error)}.") from error


def read_masks(
    paths: Iterable[str | Path],
    form: MaskFormat | None = None,
    classes: ClassTable | None = None,
    watch: Watch | None = None,
) -> tuple[LabelImage, ...]:
    """Read all masks of files and folders, each in its own format unless ``form`` is given; ``watch`` as in `read`."""
    return tuple(mask for path in paths for mask in (form or guess_format(path)).read(path, classes, watch))
