"""labelme JSON with mask shapes, one file per image, without the image inside."""

import base64
import json
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.json_file import json_in, whole
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.mask_regions import Region, regions
from napari_cliptrase.masks.naming import by_name
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.pixel_runs import Ints, Order, mask_runs, runs_of_crop
from napari_cliptrase.masks.png import open_strips
from napari_cliptrase.masks.png_file import encode_png
from napari_cliptrase.masks.polygon_fill import ring_of
from napari_cliptrase.masks.shape_canvas import ShapeCanvas, painted
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.progress import Progress

LABELME_VERSION = "5.5.0"  # the first whose readers know mask shapes well; newer ones read it
_SHORT = 400
_PngRuns = tuple[tuple[int, int], Ints, Ints]


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        by_name(table, FORMAT.title)
        found = regions(mask, order=Order.ROWS, objects=options.instances, corners=options.corners)
        height, width = mask.shape
        data = {
            "version": LABELME_VERSION,
            "flags": {},
            "shapes": [_shape(region) for region in found],
            "imagePath": PurePosixPath(mask.image_name or f"{mask.stem}.png").name,
            "imageData": None,
            "imageHeight": height,
            "imageWidth": width,
            metadata.OWN_KEY: metadata.mask_metadata(mask),
        }
        text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
        yield OutFile.text(place.file or f"{mask.stem}.json", text)
    path = place.folder / place.beside("labels.txt")
    # names of other masks in the folder stay
    old = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    names = dict.fromkeys(["__ignore__", "_background_", *old, *(entry.name for entry in table)])
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
        files = (p for p in sorted(tables.files_below(path)) if p.suffix == ".json")
        first = next((p for p in files if not p.name.endswith(tables.CLASS_FILE)), None)
        return first is not None and is_labelme(Candidate(first))
    data = found.json
    return isinstance(data, dict) and "shapes" in data and "imageHeight" in data


def _decode(source: Path) -> Iterator[LabelImage | Progress]:
    loaded = [
        (path, stem, data)
        for path, stem in tables.mask_files(source, (".json",))
        if isinstance(data := json_in(path), dict) and "shapes" in data
    ]
    if not loaded:
        raise ValueError("it holds no list of shapes")
    table = ClassTable()
    for path, _, data in loaded:
        if described := data.get(metadata.OWN_KEY):
            table = table.joined(ClassTable.from_data(described["classes"]), str(path))
    table = tables.with_names(table, (str(s["label"]) for _, _, data in loaded for s in data["shapes"]))
    for _, stem, data in loaded:
        yield (yield from _read(stem, data, table))


def _read(stem: str, data: dict[str, Any], table: ClassTable) -> Generator[Progress, None, LabelImage]:
    canvas = ShapeCanvas((whole(data["imageHeight"], "imageHeight"), whole(data["imageWidth"], "imageWidth")), table)
    runs_of_small = lru_cache(maxsize=64)(_runs_of_png)  # of a million dots, most look the same

    def runs_of(text: str) -> _PngRuns:
        return runs_of_small(text) if len(text) <= _SHORT else _runs_of_png(text)

    def paint(shape: dict[str, Any]) -> None:
        if not _painted_on(canvas, shape, runs_of):
            canvas.skip(f"{stem}: shapes of type {shape.get('shape_type')!r} have no area and were left out.")

    yield from painted(data["shapes"], paint, stem)
    folder = PurePosixPath(stem).parent
    described = data.get(metadata.OWN_KEY) or {}
    image = described.get("image") or str(folder / str(data.get("imagePath") or f"{stem}.png"))
    return canvas.image(
        stem,
        image_name=image,
        scale=tuple(described.get("scale", ())),
        units=tuple(described.get("units", ())),
        origin=tuple(described.get("origin", ())),
    )


def _painted_on(canvas: ShapeCanvas, shape: dict[str, Any], runs_of: Callable[[str], _PngRuns]) -> bool:
    """Paint a shape, a mask as ``runs_of`` reads it; return False when it has no area."""
    class_id, group = canvas.id_of(str(shape["label"])), shape.get("group_id")
    kind = shape.get("shape_type") or "polygon"
    if kind not in ("mask", "polygon", "rectangle", "circle"):
        return False
    points = ring_of(shape["points"])
    if kind == "polygon":
        canvas.add_rings(class_id, [points], group)
        return True
    (x0, y0), (x1, y1) = points.tolist()
    if kind == "rectangle":
        canvas.add_rings(class_id, [np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])], group)
    elif kind == "circle":
        canvas.add_runs(class_id, *_disc(x0, y0, float(np.hypot(x1 - x0, y1 - y0)), canvas.shape), group)
    else:
        crop = round(x0), round(y0), round(x1) - round(x0) + 1, round(y1) - round(y0) + 1
        size, starts, lengths = runs_of(shape["mask"])
        if size != crop[:1:-1]:
            raise ValueError(f"the mask of a {shape['label']!r:.60} does not fit its points")
        canvas.add_runs(class_id, *runs_of_crop(starts, lengths, crop, canvas.shape), group)
    return True


def _disc(x: float, y: float, radius: float, shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """Runs of the pixels whose centre lies within a circle."""
    height, width = shape
    first, last = (int(np.clip(value, 0, height)) for value in (np.ceil(y - radius - 0.5), np.floor(y + radius + 0.5)))
    rows = np.arange(first, last)
    half = np.sqrt(np.maximum(radius**2 - (rows + 0.5 - y) ** 2, 0))
    left = np.clip(np.ceil(x - half - 0.5), 0, width).astype(np.int64)
    right = np.clip(np.floor(x + half - 0.5) + 1, 0, width).astype(np.int64)
    some = (right > left) & (np.abs(rows + 0.5 - y) <= radius)
    return (rows * width + left)[some], (right - left)[some]


def _runs_of_png(text: str) -> _PngRuns:
    """(H, W) of a PNG in base64, and the starts and lengths of the runs of its pixels that are not black."""
    starts, lengths = [], []
    with open_strips(BytesIO(base64.b64decode(text))) as image:
        for top, strip in image.strips():
            if strip.ndim != 2:
                raise ValueError("the PNG of a mask holds colours instead of black and white")
            begun, long = mask_runs(strip.reshape(-1) != 0)
            starts.append(begun + top * image.shape[1])
            lengths.append(long)
        return image.shape, np.concatenate(starts), np.concatenate(lengths)


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
