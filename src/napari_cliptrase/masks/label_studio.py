"""Label Studio tasks with brush predictions, and the labelling configuration for them."""

import json
import uuid
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from napari_cliptrase.classes.colors import to_hex
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.json_file import read_json, whole
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally, count_text
from napari_cliptrase.masks.mask_regions import Region, regions
from napari_cliptrase.masks.naming import by_name, stem_of, unique
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.pixel_runs import Order
from napari_cliptrase.masks.rle_pack import pack, unpack
from napari_cliptrase.masks.shape_canvas import ShapeCanvas, painted
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.progress import Progress

_FROM, _TO = "label", "image"


def _encode(
    masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally
) -> Iterator[OutFile | Progress]:
    table = ClassTable()
    tasks = []
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        found = regions(mask, order=Order.ROWS, objects=options.instances, corners=options.corners)
        result = [_result(mask, number, region) for number, region in enumerate(found, start=1)]
        tasks.append(
            {
                "data": {"image": mask.image_name or f"{mask.stem}.png"},
                "meta": {metadata.OWN_KEY: metadata.mask_metadata(mask)},
                "predictions": [{"model_version": "napari-cliptrase", "result": result}],
            }
        )
        yield tally.progress(mask.stem)
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
        f'    <Label value={quoteattr(entry.name)} background="{to_hex(entry.color)}"/>\n' for entry in table
    )
    return (
        f'<View>\n  <Image name="{_TO}" value="$image" zoom="true"/>\n'
        f'  <BrushLabels name="{_FROM}" toName="{_TO}">\n{labels}  </BrushLabels>\n</View>\n'
    )


def _is_tasks(found: Candidate) -> bool:
    data = found.json
    return isinstance(data, list) and bool(data) and isinstance(data[0], dict) and "data" in data[0]


def _decode(path: Path) -> Iterator[LabelImage | Progress]:
    tasks = read_json(path)
    table = ClassTable()
    for task in tasks:
        if described := (task.get("meta") or {}).get(metadata.OWN_KEY):
            table = table.joined(ClassTable.from_data(described["classes"]), str(path))
    table = tables.with_names(table, (name for task in tasks for name, _ in _brushes(task)))
    shapes = [_shape(task) for task in tasks]
    unknown = sum(shape is None and bool(_results(task)) for shape, task in zip(shapes, tasks, strict=True))
    used: set[str] = set()
    for task, shape in zip(tasks, shapes, strict=True):
        if shape is None:  # a task without a result does not say how large its image is
            continue
        image = next((str(value) for value in task["data"].values() if isinstance(value, str)), "mask")
        described = (task.get("meta") or {}).get(metadata.OWN_KEY) or {}
        canvas = ShapeCanvas(shape, table)
        yield from painted(list(_brushes(task)), partial(_paint, canvas), image)
        for sentence in _left_out(task, image):
            canvas.skip(sentence)
        if unknown:
            canvas.skip(f"{count_text(unknown, 'task')} left out, where nothing says how large the image is.")
        yield canvas.image(
            unique(stem_of(image), used),
            image_name=image,
            scale=tuple(described.get("scale", ())),
            units=tuple(described.get("units", ())),
            origin=tuple(described.get("origin", ())),
        )


def _paint(canvas: ShapeCanvas, brush: tuple[str, dict[str, Any]]) -> None:
    name, item = brush
    if _size(item) != canvas.shape:
        raise ValueError("a brush mask has another size than its image")
    canvas.add_runs(canvas.id_of(name), *unpack(item["value"]["rle"], canvas.shape[0] * canvas.shape[1]))


def _versions(task: dict[str, Any]) -> list[dict[str, Any]]:
    """What people drew, or what a model proposed when nothing was drawn."""
    return list(task.get("annotations") or task.get("predictions") or [])


def _results(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Results of the first version of a task."""
    return [item for version in _versions(task)[:1] for item in version.get("result", [])]


def _is_brush(item: dict[str, Any]) -> bool:
    return item.get("type") == "brushlabels" and item["value"].get("format") == "rle"


def _brushes(task: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in _results(task):
        if _is_brush(item):
            yield str(item["value"]["brushlabels"][0]), item


def _left_out(task: dict[str, Any], image: str) -> Iterator[str]:
    """What a task holds beyond its mask, in sentences."""
    for kind in dict.fromkeys(str(item.get("type")) for item in _results(task) if not _is_brush(item)):
        yield f"{image}: results of type {kind!r} were left out."
    if len(_versions(task)) > 1:
        yield f"{image}: the first of {len(_versions(task))} versions was read."


def _shape(task: dict[str, Any]) -> tuple[int, int] | None:
    """Rows and columns of the image of a task, as we wrote them or as any of its results says."""
    described = (task.get("meta") or {}).get(metadata.OWN_KEY) or {}
    if described.get("shape"):
        height, width = (whole(size, "shape") for size in described["shape"])
        return height, width
    return next((_size(item) for item in _results(task) if "original_height" in item), None)


def _size(item: dict[str, Any]) -> tuple[int, int]:
    return whole(item["original_height"], "original_height"), whole(item["original_width"], "original_width")


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
