"""Reading COCO JSON: run lengths, compressed or not, and polygons."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_cliptrase.classes.colors import RGB, class_color
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.json_file import read_json, whole
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.coco_rle import rle_runs
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.masks.naming import stem_of, unique
from napari_cliptrase.masks.pixel_runs import Order
from napari_cliptrase.masks.polygon_fill import ring_of
from napari_cliptrase.masks.shape_canvas import ShapeCanvas, painted
from napari_cliptrase.progress import Progress


def is_coco(found: Candidate) -> bool:
    """Whether a file is JSON with COCO's lists."""
    return isinstance(found.json, dict) and {"images", "annotations", "categories"} <= found.json.keys()


def category_table(categories: list[dict[str, Any]]) -> tuple[ClassTable, int, tuple[str, ...]]:
    """Return the classes, what to add to a category id to get a class id, and notes.

    Files that count categories from 0 are moved up by one, since 0 is background here. Invalid colours are ignored.
    """
    ids = [whole(entry["id"], "id") for entry in categories]
    shift = 1 if 0 in ids else 0
    notes = ("Category ids start at 0; they were raised by one, since 0 is background.",) if shift else ()
    classes = []
    for category, entry in zip(ids, categories, strict=True):
        name = entry["name"]
        if not isinstance(name, str | int):
            raise ValueError(f"category {category} has {name!r:.60} as name instead of text")
        class_id = category + shift
        classes.append(MaskClass(class_id, str(name), _color(entry.get("color")) or class_color(class_id)))
    return ClassTable(tuple(classes)), shift, notes


def _color(value: Any) -> RGB | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    red, green, blue = value
    whole_numbers = all(isinstance(channel, int) and 0 <= channel <= 255 for channel in value)
    return (int(red), int(green), int(blue)) if whole_numbers else None


def decode_coco(path: Path) -> Iterator[LabelImage | Progress]:
    """Yield one mask per image, in the order of the file; later annotations lie over earlier ones."""
    data = read_json(path)
    table, shift, notes = category_table(data["categories"])
    of_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for annotation in data["annotations"]:
        of_image[annotation["image_id"]].append(annotation)
    notes += _astray(of_image, data["images"])
    used: set[str] = set()
    for image in data["images"]:
        stem = unique(stem_of(str(image["file_name"])), used)
        yield (yield from _read(image, of_image[image["id"]], table, shift, notes, stem))


def _astray(of_image: Mapping[Any, Sequence[Any]], images: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    known = {image["id"] for image in images}
    count = sum(len(found) for image_id, found in of_image.items() if image_id not in known)
    return (f"{count_text(count, 'annotation')} of images that are not listed left out.",) if count else ()


def _read(
    image: dict[str, Any],
    annotations: Sequence[dict[str, Any]],
    table: ClassTable,
    shift: int,
    notes: tuple[str, ...],
    stem: str,
) -> Generator[Progress, None, LabelImage]:
    shape = whole(image["height"], "height"), whole(image["width"], "width")
    canvas = ShapeCanvas(shape, table, order=Order.COLUMNS)
    listed = set(table.ids)
    bare = 0

    def paint(annotation: dict[str, Any]) -> None:
        nonlocal bare
        category = whole(annotation["category_id"], "category_id")
        if category + shift not in listed:
            raise ValueError(f"annotation {annotation.get('id')!r:.60} has category {category}, which is not listed")
        bare += not _painted_on(canvas, category + shift, annotation)

    yield from painted(annotations, paint, stem)
    if bare:
        notes += (f"{image['file_name']}: {count_text(bare, 'annotation')} without a mask (box, key points) left out.",)
    return canvas.image(stem, image_name=str(image["file_name"]), notes=notes)


def _painted_on(canvas: ShapeCanvas, class_id: int, annotation: dict[str, Any]) -> bool:
    """Paint the mask of an annotation; return False when it has none."""
    segmentation = annotation.get("segmentation")
    if not segmentation:
        return False
    if isinstance(segmentation, dict):
        canvas.add_runs(class_id, *rle_runs(segmentation, canvas.shape))
        return True
    polygons = [polygon for polygon in segmentation if len(polygon) >= 6]  # two points have no area
    group = f"annotation {id(annotation)}"  # several polygons are one object
    for polygon in polygons:
        numbers = np.asarray(polygon, np.float64)
        if numbers.ndim != 1 or len(numbers) % 2:
            raise ValueError(
                f"annotation {annotation.get('id')!r:.60} has a polygon that is not a list of x, y, x, y, …"
            )
        canvas.add_rings(class_id, [ring_of(numbers.reshape(-1, 2))], group)
    return bool(polygons)
