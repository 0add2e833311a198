"""TIFF with every axis, any integer type, pixel size and the class table inside."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks import metadata, tables, units
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.pixels.tiff_file import open_tiff, read_series, upright

_SUFFIXES = (".tif", ".tiff")
_FEWEST, _MOST = 1e-9, 4e9  # pixels per centimetre that the two numbers of a fraction can say
OME_SUFFIXES = (".ome.tif", ".ome.tiff")


def tiff_bytes(labels: LabelArray, **kwargs: Any) -> bytes:
    """Return a zlib-compressed TIFF of labels (…, H, W); ``kwargs`` go to tifffile."""
    stream = BytesIO()
    tifffile.imwrite(
        stream,
        np.ascontiguousarray(labels),
        photometric="minisblack",
        compression="zlib",
        compressionargs={"level": 1},
        software="napari-cliptrase",
        **kwargs,
    )
    return stream.getvalue()


def density(mask: LabelImage) -> dict[str, Any]:
    """Return the resolution of a mask in pixels per centimetre, as tifffile wants it; empty when it is not known."""
    y, x = (units.metres(size, unit) for size, unit in zip(mask.scale[-2:], mask.units[-2:], strict=True))
    if x is None or y is None or not all(_FEWEST <= 0.01 / size <= _MOST for size in (y, x)):
        return {}
    return {"resolution": (0.01 / x, 0.01 / y), "resolutionunit": "CENTIMETER"}


def readable_axes(axes: str, ndim: int) -> str:
    """Return the axes of a series when they can name the axes of a mask, else nothing; refuse colours."""
    if "S" in axes:
        raise ValueError("it holds colours instead of class ids")
    return axes if len(axes) == ndim and axes.endswith("YX") and len(set(axes)) == ndim else ""


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        data = tiff_bytes(
            mask.labels,
            metadata={"axes": mask.axes, metadata.OWN_KEY: metadata.mask_metadata(mask)},
            **density(mask),
        )
        yield OutFile(place.file or f"{mask.stem}.tif", data)
    yield OutFile.text(place.beside(tables.CLASS_FILE), tables.shared(table, place, tally).to_json())


def _decode(source: Path) -> Iterator[LabelImage]:
    for path, stem in tables.mask_files(source, _SUFFIXES):
        with open_tiff(path) as (file, pages):
            labels = upright(read_series(file, pages), file.series[0].axes, pages.orientation)
            shaped = (file.shaped_metadata or [{}])[0]
            axes = readable_axes(file.series[0].axes, labels.ndim)
        described = shaped.get(metadata.OWN_KEY)
        if isinstance(described, dict):
            yield metadata.described(labels, stem, described, tables.beside(path))
        else:
            yield LabelImage(labels, tables.beside(path) or ClassTable(), stem=stem, axes=axes)


FORMAT = MaskFormat(
    key="tiff",
    title="TIFF",
    description="compressed, any id size, stacks in one file; read by Fiji, napari, scikit-image, MATLAB",
    extensions=_SUFFIXES,
    layout=Layout.EACH,
    encode=_encode,
    decode=_decode,
    void=True,
    recognises=lambda found: tables.holds(found.path, _SUFFIXES),
    stacks="*",
)
