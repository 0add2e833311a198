"""COCO JSON with polygons, for trainers that cannot read run lengths."""

from collections.abc import Iterable, Iterator
from typing import Any

from napari_cliptrase.masks.coco import written
from napari_cliptrase.masks.coco_read import decode_coco
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.outlines import Outline, outlines
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.progress import Progress


def _encode(
    masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally
) -> Iterator[OutFile | Progress]:
    def annotate(mask: LabelImage) -> Iterator[dict[str, Any]]:
        return (_annotation(outline, options, tally) for outline in outlines(mask, options, objects=True))

    yield from written(masks, place, options, tally, annotate)


def _annotation(outline: Outline, options: ExportOptions, tally: Tally) -> dict[str, Any]:
    rings = outline.plain_rings(options.holes, tally)
    x, y, width, height = outline.box
    return {
        "category_id": outline.entry.id,
        "iscrowd": 0,
        "area": outline.area,
        "bbox": [x, y, width, height],
        "segmentation": [ring.reshape(-1).tolist() for ring in rings],
    }


FORMAT = MaskFormat(
    key="coco-polygons",
    title="COCO polygons",
    description="one JSON, polygons along pixel edges per object; read by trainers that cannot read run lengths",
    extensions=(".json",),
    layout=Layout.ONE,
    default_name="annotations.json",
    encode=_encode,
    decode=decode_coco,
    objects=Objects.ALWAYS,
    lossless=False,
)
