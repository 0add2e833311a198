"""COCO panoptic: a JSON and one colour-coded PNG per image."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.json_file import read_json, whole
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.coco import image_entry
from napari_cliptrase.masks.coco_read import category_table
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage, dtype_for
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.mask_regions import regions
from napari_cliptrase.masks.naming import stem_of, unique
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.pixel_runs import Order
from napari_cliptrase.masks.png import open_strips
from napari_cliptrase.masks.png_file import encode_png
from napari_cliptrase.masks.staging import OutFile


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    name = place.file or FORMAT.default_name
    folder = PurePosixPath(name).stem
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        images.append(image_entry(len(images) + 1, mask))
        colors, segments = _segments(mask, options)
        yield OutFile(f"{folder}/{mask.stem}.png", encode_png(colors))
        annotations.append({"image_id": len(images), "file_name": f"{mask.stem}.png", "segments_info": segments})
    things = int(options.instances)
    categories = [
        {"id": e.id, "name": e.name, "supercategory": "", "isthing": things, "color": list(e.color)} for e in table
    ]
    data = {"images": images, "annotations": annotations, "categories": categories}
    yield OutFile.text(name, json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")


def _segments(mask: LabelImage, options: ExportOptions) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """(H, W, 3) uint8 colours and the list of segments; a class that is one segment has its id as number."""
    numbers = np.zeros(mask.shape, np.uint32)
    flat = numbers.reshape(-1)
    segments = []
    for region in regions(mask, order=Order.ROWS, objects=options.instances, corners=options.corners):
        number = region.number or region.entry.id
        if number >= 1 << 24:
            raise MaskFormatError(
                f"{mask.stem} needs segment {number}, but COCO panoptic allows numbers up to 16,777,215."
            )
        ends = region.runs.starts + region.runs.lengths
        offsets = np.repeat(ends - np.cumsum(region.runs.lengths), region.runs.lengths)
        flat[offsets + np.arange(region.runs.area)] = number
        segments.append(
            {
                "id": number,
                "category_id": region.entry.id,
                "area": region.runs.area,
                "bbox": list(region.box),
                "iscrowd": 0,
            }
        )
    return np.stack([(numbers >> shift & 255).astype(np.uint8) for shift in (0, 8, 16)], -1), segments


def _is_panoptic(found: Candidate) -> bool:
    data = found.json
    return (
        isinstance(data, dict)
        and "categories" in data
        and any("segments_info" in annotation for annotation in data.get("annotations", [])[:1])
    )


def _decode(path: Path) -> Iterator[LabelImage]:
    data = read_json(path)
    table, shift, notes = category_table(data["categories"])
    names = {image["id"]: str(image["file_name"]) for image in data.get("images", [])}
    used: set[str] = set()
    for annotation in data["annotations"]:
        class_of = {0: 0} | {
            whole(s["id"], "id"): whole(s["category_id"], "category_id") + shift for s in annotation["segments_info"]
        }
        numbers, labels = _numbers_and_labels(path.parent / path.stem / annotation["file_name"], class_of)
        image_name = names.get(annotation["image_id"])
        yield LabelImage(
            labels,
            table,
            stem=unique(stem_of(annotation["file_name"]), used),
            image_name=image_name,
            instances=numbers,
            notes=notes,
        )


def _numbers_and_labels(path: Path, class_of: dict[int, int]) -> tuple[LabelArray | None, LabelArray]:
    """Segment numbers and class ids of a colour-coded picture; no numbers where each class has one segment at most.

    A segment without a class is a ValueError.
    """
    known = np.array(sorted(class_of), np.int64)
    ids = np.array([class_of[number] for number in known.tolist()], np.int64)
    with open_strips(path) as image:
        labels: LabelArray = np.zeros(image.shape, dtype_for(max(class_of.values())))
        objects = len(set(class_of.values())) < len(class_of)
        numbers: LabelArray | None = np.empty(image.shape, dtype_for(max(class_of))) if objects else None
        for top, strip in image.strips():
            if strip.ndim != 3 or strip.shape[2] < 3:
                raise ValueError(f"{path.name} holds no colours")
            red, green, blue = (strip[..., channel].astype(np.uint32) for channel in range(3))
            number = red | green << 8 | blue << 16
            at = np.minimum(np.searchsorted(known, number), len(known) - 1)
            unknown = number[known[at] != number]
            if len(unknown):
                raise ValueError(f"{path.name} holds segment {unknown[0]}, which is not listed")
            labels[top : top + len(strip)] = ids[at]
            if numbers is not None:
                numbers[top : top + len(strip)] = number
    return numbers, labels


FORMAT = MaskFormat(
    key="coco-panoptic",
    title="COCO panoptic",
    description="one JSON and a colour-coded PNG per image; read by panopticapi, Detectron2, Mask2Former",
    extensions=(".json",),
    layout=Layout.ONE,
    default_name="panoptic.json",
    encode=_encode,
    decode=_decode,
    objects=Objects.ASKED,
    recognises=_is_panoptic,
)
