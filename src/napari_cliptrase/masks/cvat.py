"""CVAT for images 1.1: one XML with run-length masks."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from napari_cliptrase.classes.colors import parse_hex, to_hex
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.free_memory import refuse_beyond_memory
from napari_cliptrase.masks import tables
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally, count_text
from napari_cliptrase.masks.mask_regions import Region, regions
from napari_cliptrase.masks.naming import by_name, stem_of, unique
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.pixel_runs import Order, runs_of_counts, runs_of_crop
from napari_cliptrase.masks.polygon_fill import ring_of
from napari_cliptrase.masks.shape_canvas import ShapeCanvas, painted
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.progress import Progress

_NOTE = "napari-cliptrase "
_OBJECTS = 10  # bytes that elements take for a byte of XML


def _encode(
    masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally
) -> Iterator[OutFile | Progress]:
    table = ClassTable()
    body = []
    for number, mask in enumerate(masks):
        table = table.joined(mask.classes, mask.stem)
        height, width = mask.shape
        name = quoteattr(mask.image_name or f"{mask.stem}.png")
        body.append(f'  <image id="{number}" name={name} width="{width}" height="{height}">')
        found = regions(mask, order=Order.ROWS, objects=options.instances, corners=options.corners)
        body += [_mask(region) for region in found]
        body.append("  </image>")
        yield tally.progress(mask.stem)
    by_name(table, FORMAT.title)
    yield OutFile.text(place.file or FORMAT.default_name, "\n".join([*_head(table), *body, "</annotations>", ""]))


def _head(table: ClassTable) -> list[str]:
    """XML up to the images; ids travel in a comment, since CVAT identifies labels by name only."""
    described = json.dumps(json.loads(table.to_json()), separators=(",", ":")).replace("-", "\\u002d")
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", f"  <!--{_NOTE}{described}-->"]
    lines += ["  <version>1.1</version>", "  <meta><task><labels>"]
    lines += [
        f"    <label><name>{escape(entry.name)}</name><color>{to_hex(entry.color)}</color>"
        "<type>mask</type><attributes></attributes></label>"
        for entry in table
    ]
    return [*lines, "  </labels></task></meta>"]


def _mask(region: Region) -> str:
    x, y, width, height = region.box
    label = quoteattr(region.entry.name)
    rle = ", ".join(map(str, region.runs.crop_counts().tolist()))
    return (
        f'    <mask label={label} source="auto" occluded="0" rle="{rle}" '
        f'left="{x}" top="{y}" width="{width}" height="{height}" z_order="0"></mask>'
    )


def _decode(path: Path) -> Iterator[LabelImage | Progress]:
    refuse_beyond_memory(_OBJECTS * path.stat().st_size, "its shapes")
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    root = ElementTree.fromstring(path.read_bytes(), parser)
    table = _table(root, str(path))
    images, tracks = root.findall("image"), root.findall("track")
    if tracks and not images:
        raise ValueError("it holds tracks of a video, which are not read; export the task as 'CVAT for images'")
    table = tables.with_names(table, (s.get("label", "") for image in images for s in image if s.get("label")))
    used: set[str] = set()
    for image in images:
        name = image.get("name", "mask")
        canvas = ShapeCanvas((int(image.get("height", 0)), int(image.get("width", 0))), table)
        if tracks:
            canvas.skip(f"{count_text(len(tracks), 'track')} of a video left out.")
        shapes = [shape for shape in image if shape.get("label")]
        shapes.sort(key=lambda shape: int(shape.get("z_order", 0)))

        def paint(shape: ElementTree.Element, canvas: ShapeCanvas = canvas, name: str = name) -> None:
            if not _painted_on(canvas, shape):
                canvas.skip(f"{name}: shapes of type {shape.tag!r} have no area and were left out.")

        yield from painted(shapes, paint, name)
        yield canvas.image(unique(stem_of(name), used), image_name=name)


def _table(root: ElementTree.Element, source: str) -> ClassTable:
    comments = (node.text or "" for node in root.iter(ElementTree.Comment))  # type: ignore[arg-type]
    for text in comments:
        if text.startswith(_NOTE):
            return ClassTable.from_json(text.removeprefix(_NOTE), source)
    classes = []
    for number, label in enumerate(root.iterfind(".//meta//labels/label"), start=1):
        entry = MaskClass.named(number, label.findtext("name") or f"class {number}")
        color = label.findtext("color")
        classes.append(MaskClass(number, entry.name, parse_hex(color) if color else entry.color))
    return ClassTable(tuple(classes))


def _painted_on(canvas: ShapeCanvas, shape: ElementTree.Element) -> bool:
    """Paint a shape; return False when it has no area."""
    class_id, group = canvas.id_of(shape.get("label", "")), shape.get("group_id")
    if shape.tag == "mask":
        x, y, width, height = (int(shape.get(key, 0)) for key in ("left", "top", "width", "height"))
        counts = np.array([int(part) for part in shape.get("rle", "").split(",")], np.int64)
        runs = runs_of_counts(counts, width * height)
        canvas.add_runs(class_id, *runs_of_crop(*runs, (x, y, width, height), canvas.shape), group)
    elif shape.tag == "polygon":
        points = [point.split(",") for point in shape.get("points", "").split(";")]
        canvas.add_rings(class_id, [ring_of(points)], group)
    elif shape.tag == "box":
        x0, y0, x1, y1 = (float(shape.get(key, 0)) for key in ("xtl", "ytl", "xbr", "ybr"))
        canvas.add_rings(class_id, [ring_of([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])], group)
    else:
        return False
    return True


def _is_cvat(found: Candidate) -> bool:
    path = found.path
    if path.suffix.lower() != ".xml" or not path.is_file():
        return False
    with path.open("rb") as stream:
        return b"<annotations" in stream.read(4096)


FORMAT = MaskFormat(
    key="cvat",
    title="CVAT for images",
    description="one XML with run-length masks, holes kept; read by CVAT and Datumaro",
    extensions=(".xml",),
    layout=Layout.ONE,
    default_name="annotations.xml",
    encode=_encode,
    decode=_decode,
    objects=Objects.ASKED,
    recognises=_is_cvat,
)
