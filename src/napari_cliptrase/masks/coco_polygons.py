"""COCO JSON with polygons, for trainers that cannot read run lengths."""

from collections.abc import Iterable, Iterator
from typing import Any

from napari_cliptrase.masks.classes import ClassTable
from napari_cliptrase.masks.coco import document, image_entry
from napari_cliptrase.masks.coco_read import decode
from napari_cliptrase.masks.format import Layout, MaskFormat, Place
from napari_cliptrase.masks.model import LabelImage
from napari_cliptrase.masks.options import ExportOptions
from napari_cliptrase.masks.outlines import Outline, outlines
from napari_cliptrase.masks.report import Tally
from napari_cliptrase.masks.staging import OutFile


def _encode(masks: Iterable[LabelImage], place: Place, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        tally.image(mask)
        tally.no_void(mask)
        images.append(image_entry(len(images) + 1, mask))
        for outline in outlines(mask, options, objects=True):
            annotations.append(_annotation(len(annotations) + 1, len(images), outline, options, tally))
    yield OutFile.text(place.file or FORMAT.default_name, document(table, images, annotations, options))


def _annotation(number: int, image: int, outline: Outline, options: ExportOptions, tally: Tally) -> dict[str, Any]:
    rings = outline.plain_rings(options.holes, tally)
    x, y, width, height = outline.box
    return {
        "id": number,
        "image_id": image,
        "category_id": outline.entry.id,
        "iscrowd": 0,
        "area": outline.area,
        "bbox": [x, y, width, height],
        "segmentation": [ring.reshape(-1).tolist() for ring in rings],
    }


FORMAT = MaskFormat(
    key="coco-polygons",
    title="COCO polygons",
    description="one JSON, polygons along pixel edges per object; read by trainers that know no run lengths",
    extensions=(".json",),
    layout=Layout.ONE,
    default_name="annotations.json",
    encode=_encode,
    decode=decode,
    lossless=False,
)
