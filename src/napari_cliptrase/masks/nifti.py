"""NIfTI volumes, with the label descriptions of ITK-SNAP beside them."""

import gzip
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import PIXEL, LabelImage, narrow
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.masks.volume import volume
from napari_cliptrase.pixels.declared_size import DEFLATE, check_declared

_SUFFIXES = (".nii.gz", ".nii")
_COMMENT = 6
_LONGEST = 32767


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        name = place.file or f"{mask.stem}.nii.gz"
        data = _nifti(mask)
        yield OutFile(name, gzip.compress(data, 1, mtime=0) if name.lower().endswith(".gz") else data)
    table = tables.shared(table, place, tally)
    yield OutFile.text(place.beside(tables.CLASS_FILE), table.to_json())
    yield OutFile.text(place.beside("itksnap_labels.txt"), _labels(table))


def _nifti(mask: LabelImage) -> bytes:
    import nibabel

    data, sizes, origin = volume(mask)
    if data.dtype.itemsize > 4:
        raise MaskFormatError(f"{mask.stem} holds ids above 32 bits, which NIfTI readers refuse; export it as TIFF.")
    if max(data.shape) > _LONGEST:
        raise MaskFormatError(
            f"{mask.stem} has {max(data.shape):,} pixels in a row, but NIfTI allows at most {_LONGEST:,}; "
            "export it as TIFF."
        )
    # x to the left and y to the back, as the Slicer export has it; NIfTI counts to the right and to the front
    affine = np.diag([-sizes[0], -sizes[1], sizes[2], 1.0])
    affine[:3, 3] = (-origin[0], -origin[1], origin[2])
    image = nibabel.Nifti1Image(data, affine)
    image.header.set_xyzt_units("mm" if mask.metric else None)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(_COMMENT, metadata.dump(mask).encode("utf-8")))
    return bytes(image.to_bytes())


def _labels(table: ClassTable) -> str:
    """Label descriptions for ITK-SNAP: index, colour, opacity, visible, in meshes, name."""
    lines = ['    0     0    0    0        0  0  0    "Clear Label"']
    for entry in table:
        red, green, blue = entry.color
        name = entry.name.replace('"', "'")
        lines.append(f'{entry.id:5d}   {red:3d}  {green:3d}  {blue:3d}        1  1  1    "{name}"')
    return "\n".join(lines) + "\n"


def _decode(source: Path) -> Iterator[LabelImage]:
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    for path, stem in tables.mask_files(source, _SUFFIXES):
        try:
            image: Any = nibabel.load(path)
        except ImageFileError as error:
            raise ValueError(error) from error
        labels = _labels_in(image, path)
        texts = [item.get_content() for item in image.header.extensions if item.get_code() == _COMMENT]
        described = next((found for found in map(_described, texts) if found is not None), None)
        if described is not None:
            yield metadata.described(labels, stem, described, tables.beside(path))
            continue
        sizes = tuple(float(v) for v in image.header.get_zooms()[::-1])
        known = image.header.get_xyzt_units()[0] == "mm"
        yield LabelImage(
            labels,
            tables.beside(path) or ClassTable(),
            stem=stem,
            axes="TZYX"[-labels.ndim :],
            scale=sizes,
            units=tuple("millimeter" if known and axis != "T" else PIXEL for axis in "TZYX"[-labels.ndim :]),
        )


def _labels_in(image: Any, path: Path) -> LabelArray:
    """Labels (…, Z, Y, X) of a NIfTI image, scaled values slice by slice."""
    stored = image.dataobj
    packed = path.name.lower().endswith(".gz")
    check_declared(
        math.prod(image.shape) * image.get_data_dtype().itemsize, path.stat().st_size, ratio=DEFLATE if packed else 1
    )
    if (stored.slope, stored.inter) == (1, 0) and image.get_data_dtype().kind in "iu":
        data = np.asarray(stored.get_unscaled()).T
        return data if data.dtype.kind == "u" else narrow(data)
    scaled = np.asarray(stored).T
    whole_numbers = np.empty(scaled.shape, np.int64)
    for number, plane in enumerate(scaled):
        if not np.array_equal(plane, np.round(plane)) or np.abs(plane).max(initial=0) >= 2**53:
            raise ValueError("it holds fractions, so it is not a label volume")
        whole_numbers[number] = plane
    return narrow(whole_numbers)


def _described(content: Any) -> dict[str, Any] | None:
    text = content if isinstance(content, str) else bytes(content).rstrip(b"\0").decode("utf-8", "replace")
    return metadata.parse_metadata(text)


FORMAT = MaskFormat(
    key="nifti",
    title="NIfTI",
    description="volume with physical size, class names in the file beside it; read by ITK-SNAP, 3D Slicer, nnU-Net",
    extensions=_SUFFIXES,
    layout=Layout.EACH,
    encode=_encode,
    decode=_decode,
    void=True,
    recognises=lambda found: tables.holds(found.path, _SUFFIXES),
    stacks="Z",
    extra="nifti",
    module="nibabel",
)
