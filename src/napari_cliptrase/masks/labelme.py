"""labelme JSON with mask shapes, one file per image, without the image inside."""

import base64
import json
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import Layout, MaskFormat, Objects, OutputPlace
from napari_cliptrase.masks.json_file import json_in
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.mask_regions import Order, Region, regions
from napari_cliptrase.masks.naming import by_name, one_line
from napari_cliptrase.masks.png import pixels_in
from napari_cliptrase.masks.png_file import encode_png
from napari_cliptrase.masks.rings import fill
from napari_cliptrase.masks.shape_canvas import ShapeCanvas
from napari_cliptrase.masks.staging import OutFile

VERSION = "5.5.0"  # the first whose readers know mask shapes well; newer ones read it


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        by_name(table, FORMAT.title)
        found = regions(mask, order=Order.ROWS, objects=options.instances, corners=options.corners)
        height, width = mask.shape
        data = {
            "version": VERSION,
            "flags": {},
            "shapes": [_shape(region) for region in found],
            "imagePath": PurePosixPath(mask.image_name or f"{mask.stem}.png").name,
            "imageData": None,
            "imageHeight": height,
            "imageWidth": width,
            metadata.KEY: metadata.describe(mask),
        }
        text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
        yield OutFile.text(place.file or f"{mask.stem}.json", text)
    path = place.folder / place.beside("labels.txt")
    old = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []  # of other masks in the folder
    names = dict.fromkeys(["__ignore__", "_background_", *old, *(one_line(entry.name) for entry in table)])
    yield OutFile.text(place.beside("labels.txt"), "".join(f"{name}\n" for name in names))


def _shape(region: Region) -> dict[str, Any]:
    x, y, width, height = region.box
    png = encode_png(region.crop().astype(np.uint8) * 255)
    return {
        "label": region.entry.name,
        "points": [[x, y], [x + width - 1, y + height - 1]],
        "group_id": region.number or None,
        "description": "",
        "shape_type": "mask",
        "flags": {},
        "mask": base64.b64encode(png).decode("ascii"),
    }


def is_labelme(found: Candidate) -> bool:
    """Whether a path is a labelme file or a folder of them."""
    path = found.path
    if path.is_dir():
        first = next((p for p in sorted(path.rglob("*.json")) if not p.name.endswith(tables.CLASSES)), None)
        return first is not None and is_labelme(Candidate(first))
    data = found.json
    return isinstance(data, dict) and "shapes" in data and "imageHeight" in data


def _decode(source: Path) -> Iterator[LabelImage]:
    loaded = [
        (path, stem, data)
        for path, stem in tables.mask_files(source, (".json",))
        if isinstance(data := json_in(path), dict) and "shapes" in data
    ]
    if not loaded:
        raise ValueError("it holds no list of shapes")
    table = ClassTable()
    for path, _, data in loaded:
        if described := data.get(metadata.KEY):
            table = table.joined(ClassTable.from_json(json.dumps(described["classes"]), str(path)), str(path))
    table = tables.with_names(table, (str(s["label"]) for _, _, data in loaded for s in data["shapes"]))
    for _, stem, data in loaded:
        yield _read(stem, data, table)


def _read(stem: str, data: dict[str, Any], table: ClassTable) -> LabelImage:
    canvas = ShapeCanvas((int(data["imageHeight"]), int(data["imageWidth"])), table)
    for shape in data["shapes"]:
        inside = _inside(shape, canvas.shape)
        if inside is None:
            canvas.skip(f"{stem}: shapes of type {shape.get('shape_type')!r} have no area and were left out.")
        else:
            canvas.add(str(shape["label"]), inside, shape.get("group_id"))
    folder = PurePosixPath(stem).parent
    described = data.get(metadata.KEY) or {}
    image = described.get("image") or str(folder / str(data.get("imagePath") or f"{stem}.png"))
    return canvas.image(
        stem,
        image_name=image,
        scale=tuple(described.get("scale", ())),
        units=tuple(described.get("units", ())),
        origin=tuple(described.get("origin", ())),
    )


def _inside(shape: dict[str, Any], size: tuple[int, int]) -> NDArray[np.bool_] | None:
    points = np.asarray(shape["points"], np.float64).reshape(-1, 2)
    match shape.get("shape_type") or "polygon":
        case "mask":
            (left, top), (right, bottom) = points.round().astype(int).tolist()
            crop = _pixels(shape["mask"])
            if crop.shape != (bottom - top + 1, right - left + 1) or left < 0 or top < 0:
                raise ValueError(f"the mask of a {shape['label']!r} does not fit its points")
            inside = np.zeros(size, bool)
            inside[top : bottom + 1, left : right + 1] = crop
            return inside
        case "polygon":
            return fill([points], size)
        case "rectangle":
            (x0, y0), (x1, y1) = points.tolist()
            return fill([np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])], size)
        case "circle":
            (x, y), edge = points
            rows, columns = np.ogrid[: size[0], : size[1]]
            radius = float(np.hypot(edge[0] - x, edge[1] - y))
            return np.asarray((columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= radius**2)
        case _:
            return None


def _pixels(text: str) -> NDArray[np.bool_]:
    return pixels_in(BytesIO(base64.b64decode(text)))[0].astype(bool)


FORMAT = MaskFormat(
    key="labelme",
    title="labelme",
    description="one JSON per image with mask shapes, holes kept; read by labelme, X-AnyLabeling, ISAT",
    extensions=(".json",),
    layout=Layout.EACH,
    encode=_encode,
    decode=_decode,
    objects=Objects.ASKED,
    recognises=is_labelme,
)
