"""OME-TIFF: axes and physical sizes in OME-XML, the class table in a map annotation."""

import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks import metadata, tables, units
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import PIXEL, LabelImage, narrow
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.masks.tiff import OME_SUFFIXES, density, readable_axes, tiff_bytes
from napari_cliptrase.pixels.tiff_file import open_tiff, read_series, upright


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        labels = narrow(mask.labels) if mask.labels.dtype.itemsize > 4 else mask.labels
        if labels.dtype.itemsize > 4:
            raise MaskFormatError(
                f"{mask.stem} holds ids above 32 bits, which OME-TIFF cannot hold; export it as TIFF."
            )
        yield OutFile(
            place.file or f"{mask.stem}.ome.tif", tiff_bytes(labels, metadata=_ome(mask), ome=True, **density(mask))
        )
    yield OutFile.text(place.beside(tables.CLASS_FILE), tables.shared(table, place, tally).to_json())


def _ome(mask: LabelImage) -> dict[str, Any]:
    if set(mask.axes) - set("TCZYX"):
        raise MaskFormatError(f"{mask.stem} has axes {mask.axes}, but OME-TIFF knows T, C, Z, Y and X only; use TIFF.")
    described = metadata.dump(mask)
    # a random UUID would make equal masks differ
    data: dict[str, Any] = {
        "axes": mask.axes,
        "Name": mask.stem,
        "Creator": "napari-cliptrase",
        "UUID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{mask.stem}\n{described}")),
        "MapAnnotation": {metadata.OWN_KEY: described},
    }
    for axis, size, unit in zip(mask.axes, mask.scale, mask.units, strict=True):
        if unit == PIXEL:
            continue
        key = "TimeIncrement" if axis == "T" else f"PhysicalSize{axis}" if axis in "XYZ" else None
        if key is not None:
            data[key] = size
            data[f"{key}Unit"] = units.symbol(unit) or unit
    return data


def _decode(source: Path) -> Iterator[LabelImage]:
    for path, stem in tables.mask_files(source, OME_SUFFIXES):
        with open_tiff(path) as (file, pages):
            labels = upright(read_series(file, pages), file.series[0].axes, pages.orientation)
            axes = readable_axes(file.series[0].axes, labels.ndim)
            xml = ElementTree.fromstring(file.ome_metadata or "<OME/>")
        described = metadata.parse_metadata(_text(xml))
        if described is not None:
            yield metadata.described(labels, stem, described, tables.beside(path))
            continue
        size = {axis: _size(xml, axis) for axis in axes}
        yield LabelImage(
            labels,
            tables.beside(path) or ClassTable(),
            stem=stem,
            axes=axes,
            scale=tuple(value for value, _ in size.values()),
            units=tuple(unit for _, unit in size.values()),
        )


def _text(xml: ElementTree.Element) -> str | None:
    for element in xml.iter():
        if element.tag.endswith("}M") and element.get("K") == metadata.OWN_KEY:
            return element.text
    return None


def _size(xml: ElementTree.Element, axis: str) -> tuple[float, str]:
    pixels = next((element for element in xml.iter() if element.tag.endswith("}Pixels")), None)
    key = "TimeIncrement" if axis == "T" else f"PhysicalSize{axis}"
    if pixels is None or pixels.get(key) is None:
        return 1.0, PIXEL
    return float(pixels.get(key, 1)), units.canonical(pixels.get(f"{key}Unit", "s" if axis == "T" else "µm"))


FORMAT = MaskFormat(
    key="ome-tiff",
    title="OME-TIFF",
    description="TIFF with axes and physical pixel size; read by Bio-Formats, QuPath, Fiji, OMERO, napari",
    extensions=OME_SUFFIXES,
    layout=Layout.EACH,
    encode=_encode,
    decode=_decode,
    void=True,
    recognises=lambda found: tables.holds(found.path, OME_SUFFIXES),
    stacks="*",
)
