"""COCO JSON: run-length masks, one per class and image (stuff) or one per object (instances)."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks.coco_read import decode_coco, is_coco
from napari_cliptrase.masks.coco_rle import pack_counts
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.mask_regions import Region, regions
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.pixel_runs import Order
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.progress import Progress

_STEP = 4096


def image_entry(number: int, mask: LabelImage) -> dict[str, Any]:
    """Return the entry of ``images``."""
    height, width = mask.shape
    return {"id": number, "file_name": mask.image_name or f"{mask.stem}.png", "width": width, "height": height}


def written(
    masks: Iterable[LabelImage],
    place: OutputPlace,
    options: ExportOptions,
    tally: Tally,
    annotate: Callable[[LabelImage], Iterable[dict[str, Any]]],
) -> Iterator[OutFile | Progress]:
    """Yield the file for masks whose objects ``annotate`` describes; numbers of images and objects come from here.

    The text of each object is made at once: a million of them take less memory as text than as data.
    """
    table = ClassTable()
    images: list[dict[str, Any]] = []
    annotations: list[str] = []
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        images.append(image_entry(len(images) + 1, mask))
        for entry in annotate(mask):
            annotations.append(_json({"id": len(annotations) + 1, "image_id": len(images), **entry}))
            if len(annotations) % _STEP == 0:
                yield tally.progress(f"{mask.stem}: {len(annotations):,} objects")
        yield tally.progress(mask.stem)
    info: dict[str, Any] = {"description": "Exported by napari-cliptrase", "version": "1.0"}
    if options.created is not None:
        info |= {"year": options.created.year, "date_created": options.created.isoformat()}
    # ids of categories are those of the classes, whatever images hold
    categories = [{"id": e.id, "name": e.name, "supercategory": "", "color": list(e.color)} for e in table]
    head = _json({"info": info, "images": images, "categories": categories})
    text = f'{head[:-1]},"annotations":[{",".join(annotations)}]}}\n'
    yield OutFile.text(place.file or "annotations.json", text)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _annotation(region: Region) -> dict[str, Any]:
    height, width = region.source.shape
    return {
        "category_id": region.entry.id,
        "iscrowd": 0,  # 1 makes COCO's own evaluation ignore the mask
        "area": region.runs.area,
        "bbox": list(region.box),
        "segmentation": {"size": [height, width], "counts": pack_counts(region.runs.counts())},
    }


def _encoder(objects: bool) -> Callable[..., Iterator[OutFile | Progress]]:
    def encode(
        masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally
    ) -> Iterator[OutFile | Progress]:
        def annotate(mask: LabelImage) -> Iterator[dict[str, Any]]:
            parted = objects or options.instances
            return map(_annotation, regions(mask, order=Order.COLUMNS, objects=parted, corners=options.corners))

        yield from written(masks, place, options, tally, annotate)

    return encode


STUFF = MaskFormat(
    key="coco",
    title="COCO stuff",
    description="one JSON, a run-length mask per class and image; read by pycocotools, Detectron2, CVAT",
    extensions=(".json",),
    layout=Layout.ONE,
    default_name="annotations.json",
    encode=_encoder(objects=False),
    objects=Objects.ASKED,
    decode=decode_coco,
    recognises=is_coco,
)

INSTANCES = MaskFormat(
    key="coco-instances",
    title="COCO instances",
    description="one JSON, a run-length mask per object; read by pycocotools, Detectron2, FiftyOne",
    extensions=(".json",),
    layout=Layout.ONE,
    default_name="annotations.json",
    encode=_encoder(objects=True),
    objects=Objects.ALWAYS,
    decode=decode_coco,
)
