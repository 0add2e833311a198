"""Datumaro JSON with run-length masks."""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.json_file import json_in, read_json, whole
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.coco_rle import pack_counts, rle_runs
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.mask_regions import Region, regions
from napari_cliptrase.masks.naming import by_name, stem_of, unique
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.pixel_runs import Order
from napari_cliptrase.masks.shape_canvas import ShapeCanvas, painted
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.progress import Progress


def _encode(
    masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally
) -> Iterator[OutFile | Progress]:
    table = ClassTable()
    items: list[tuple[LabelImage, list[Region]]] = []
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        found = regions(mask, order=Order.COLUMNS, objects=options.instances, corners=options.corners)
        items.append((mask, list(found)))
        yield tally.progress(mask.stem)
    by_name(table, FORMAT.title)
    index = {entry.id: number for number, entry in enumerate(table)}
    data = {
        "dm_format_version": "1.0",
        "media_type": 2,
        "infos": {metadata.OWN_KEY: json.loads(table.to_json())},
        "categories": {
            "label": {
                "labels": [{"name": entry.name, "parent": "", "attributes": []} for entry in table],
                "label_groups": [],
                "attributes": [],
            },
            "mask": {
                "colormap": [
                    {"label_id": index[entry.id], "r": entry.color[0], "g": entry.color[1], "b": entry.color[2]}
                    for entry in table
                ]
            },
        },
        "items": [_item(mask, found, index) for mask, found in items],
    }
    yield OutFile.text(
        f"annotations/{options.subset}.json", json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
    )


def _item(mask: LabelImage, found: list[Region], index: dict[int, int]) -> dict[str, Any]:
    height, width = mask.shape
    return {
        "id": mask.stem,
        "annotations": [
            {
                "id": number,
                "type": "mask",
                "attributes": {},
                "group": region.number,
                "label_id": index[region.entry.id],
                "rle": {"counts": pack_counts(region.runs.counts()), "size": [height, width]},
                "z_order": 0,
            }
            for number, region in enumerate(found)
        ],
        "attr": {},
        "image": {"path": mask.image_name or f"{mask.stem}.png", "size": [height, width]},
    }


def _first_of(folder: Path) -> Path | None:
    return next(iter(sorted((folder / "annotations").glob("*.json"))), None)


def _is_datumaro(found: Candidate) -> bool:
    file = _first_of(found.path) if found.path.is_dir() else None
    data = found.json if file is None else json_in(file)
    return isinstance(data, dict) and "items" in data and "categories" in data


def _decode(path: Path) -> Iterator[LabelImage | Progress]:
    files = sorted((path / "annotations").glob("*.json")) if path.is_dir() else [path]
    used: set[str] = set()
    for file in files:
        data = read_json(file)
        names = [str(label["name"]) for label in data["categories"]["label"]["labels"]]
        described = (data.get("infos") or {}).get(metadata.OWN_KEY)
        table = tables.with_names(ClassTable() if described is None else ClassTable.from_data(described), names)
        for item in data["items"]:
            height, width = (whole(size, "size") for size in item["image"]["size"])
            canvas = ShapeCanvas((height, width), table, order=Order.COLUMNS)
            annotations = sorted(item["annotations"], key=lambda a: whole(a.get("z_order", 0), "z_order"))
            yield from painted(annotations, partial(_paint, canvas, names, item["id"]), str(item["id"]))
            image = item["image"].get("path")
            yield canvas.image(
                unique(stem_of(str(item["id"]) + ".x"), used), image_name=None if image is None else str(image)
            )


def _paint(canvas: ShapeCanvas, names: list[str], item: object, annotation: dict[str, Any]) -> None:
    if annotation["type"] != "mask":
        canvas.skip(f"{item}: annotations of type {annotation['type']!r} were left out.")
        return
    number = whole(annotation["label_id"], "label_id")
    if not 0 <= number < len(names):
        raise ValueError(f"it uses label {number}, but lists {len(names)} labels")
    runs = rle_runs(annotation["rle"], canvas.shape)
    canvas.add_runs(canvas.id_of(names[number]), *runs, annotation.get("group") or None)


FORMAT = MaskFormat(
    key="datumaro",
    title="Datumaro",
    description="one JSON with run-length masks per class or object; read by Datumaro, CVAT, OpenVINO training",
    extensions=(),
    layout=Layout.FOLDER,
    encode=_encode,
    decode=_decode,
    objects=Objects.ASKED,
    recognises=_is_datumaro,
)
