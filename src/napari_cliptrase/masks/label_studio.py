"""Label Studio tasks with brush predictions, and the labelling configuration for them."""

import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.colors import to_hex
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.canvas import Canvas
from napari_cliptrase.masks.classes import ClassTable
from napari_cliptrase.masks.coco_read import load_json, unique
from napari_cliptrase.masks.format import Layout, MaskFormat, Objects, Place
from napari_cliptrase.masks.model import LabelImage
from napari_cliptrase.masks.names import by_name, stem_of, xml_name
from napari_cliptrase.masks.options import ExportOptions
from napari_cliptrase.masks.regions import Order, Region, regions
from napari_cliptrase.masks.report import Tally
from napari_cliptrase.masks.rle_pack import pack, unpack
from napari_cliptrase.masks.staging import OutFile

_FROM, _TO = "label", "image"


def _encode(masks: Iterable[LabelImage], place: Place, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    tasks = []
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        found = regions(mask, order=Order.ROWS, objects=options.instances, corners=options.corners)
        result = [_result(mask, number, region) for number, region in enumerate(found, start=1)]
        tasks.append(
            {
                "data": {"image": mask.image_name or f"{mask.stem}.png"},
                "meta": {metadata.KEY: metadata.describe(mask)},
                "predictions": [{"model_version": "napari-cliptrase", "result": result}],
            }
        )
    by_name(table, FORMAT.title)
    yield OutFile.text(place.file or FORMAT.default_name, json.dumps(tasks, ensure_ascii=False) + "\n")
    yield OutFile.text(place.beside("config.xml"), _config(table))


def _result(mask: LabelImage, number: int, region: Region) -> dict[str, Any]:
    height, width = mask.shape
    return {
        "id": uuid.uuid5(uuid.NAMESPACE_URL, f"{mask.stem}/{number}").hex[:10],
        "type": "brushlabels",
        "from_name": _FROM,
        "to_name": _TO,
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": {"format": "rle", "rle": pack(region.runs.counts()), "brushlabels": [region.entry.name]},
    }


def _config(table: ClassTable) -> str:
    labels = "".join(
        f'    <Label value={quoteattr(xml_name(entry.name, FORMAT.title))} background="{to_hex(entry.color)}"/>\n'
        for entry in table
    )
    return (
        f'<View>\n  <Image name="{_TO}" value="$image" zoom="true"/>\n'
        f'  <BrushLabels name="{_FROM}" toName="{_TO}">\n{labels}  </BrushLabels>\n</View>\n'
    )


def _is_tasks(path: Path) -> bool:
    data = load_json(path)
    return isinstance(data, list) and bool(data) and isinstance(data[0], dict) and "data" in data[0]


def _decode(path: Path) -> Iterator[LabelImage]:
    tasks = json.loads(path.read_text(encoding="utf-8-sig"))
    table = ClassTable()
    for task in tasks:
        if described := (task.get("meta") or {}).get(metadata.KEY):
            table = table.joined(ClassTable.from_json(json.dumps(described["classes"]), str(path)), str(path))
    table = tables.with_names(table, (name for task in tasks for name, _ in _brushes(task)))
    used: set[str] = set()
    for task in tasks:
        image = next((str(value) for value in task["data"].values() if isinstance(value, str)), "mask")
        brushes = list(_brushes(task))
        described = (task.get("meta") or {}).get(metadata.KEY) or {}
        shape = described.get("shape") or (_size(brushes[0][1]) if brushes else None)
        if shape is None:  # a task without a stroke does not say how large its image is
            continue
        canvas = Canvas((shape[0], shape[1]), table)
        for name, item in brushes:
            canvas.add(name, _inside(item))
        yield canvas.image(
            unique(stem_of(image), used),
            image_name=image,
            scale=tuple(described.get("scale", ())),
            units=tuple(described.get("units", ())),
            origin=tuple(described.get("origin", ())),
        )


def _brushes(task: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Brush results of a task: what people drew goes before what a model proposed."""
    for source in (task.get("annotations") or task.get("predictions") or [])[:1]:
        for item in source.get("result", []):
            if item.get("type") == "brushlabels" and item["value"].get("format") == "rle":
                yield str(item["value"]["brushlabels"][0]), item


def _size(item: dict[str, Any]) -> tuple[int, int]:
    return int(item["original_height"]), int(item["original_width"])


def _inside(item: dict[str, Any]) -> NDArray[np.bool_]:
    height, width = _size(item)
    return unpack(item["value"]["rle"]).reshape(height, width, 4)[..., 3] > 0


FORMAT = MaskFormat(
    key="label-studio",
    title="Label Studio",
    description="tasks with brush predictions, and the labelling configuration for them; read by Label Studio",
    extensions=(".json",),
    layout=Layout.ONE,
    default_name="tasks.json",
    encode=_encode,
    decode=_decode,
    objects=Objects.ASKED,
    recognises=_is_tasks,
)
