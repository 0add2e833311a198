"""Reading COCO JSON: run lengths, compressed or not, and polygons."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.colors import class_color
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.json_file import read_json
from napari_cliptrase.masks.label_image import LabelImage, dtype_for
from napari_cliptrase.masks.loss_report import counted
from napari_cliptrase.masks.naming import stem_of, unique
from napari_cliptrase.masks.pixel_runs import rle_mask


def is_coco(found: Candidate) -> bool:
    """Whether a file is JSON with COCO's lists."""
    return isinstance(found.json, dict) and {"images", "annotations", "categories"} <= found.json.keys()


def category_table(categories: list[dict[str, Any]]) -> tuple[ClassTable, int, tuple[str, ...]]:
    """Return the classes, what to add to a category id to get a class id, and notes.

    Files that count categories from 0 are moved up by one, since 0 is background here.
    """
    shift = 1 if any(int(entry["id"]) == 0 for entry in categories) else 0
    notes = ("Category ids start at 0; they were raised by one, since 0 is background.",) if shift else ()
    classes = []
    for entry in categories:
        class_id = int(entry["id"]) + shift
        color = entry.get("color")
        rgb = tuple(map(int, color)) if isinstance(color, list) and len(color) == 3 else class_color(class_id)
        classes.append(MaskClass(class_id, str(entry["name"]), rgb))  # type: ignore[arg-type]
    return ClassTable(tuple(classes)), shift, notes


def decode(path: Path) -> Iterator[LabelImage]:
    """Yield one mask per image, in the order of the file; later annotations lie over earlier ones."""
    data = read_json(path)
    table, shift, notes = category_table(data["categories"])
    of_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for annotation in data["annotations"]:
        of_image[annotation["image_id"]].append(annotation)
    notes += _astray(of_image, data["images"])
    used: set[str] = set()
    for image in data["images"]:
        yield _mask(image, of_image[image["id"]], table, shift, notes, unique(stem_of(str(image["file_name"])), used))


def _astray(of_image: Mapping[Any, Sequence[Any]], images: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    known = {image["id"] for image in images}
    count = sum(len(found) for image_id, found in of_image.items() if image_id not in known)
    return (f"{counted(count, 'annotation')} of images that are not listed left out.",) if count else ()


def _mask(
    image: dict[str, Any],
    annotations: Sequence[dict[str, Any]],
    table: ClassTable,
    shift: int,
    notes: tuple[str, ...],
    stem: str,
) -> LabelImage:
    shape = int(image["height"]), int(image["width"])
    labels = np.zeros(shape, dtype_for(max(table.ids, default=0)))
    pairs = [annotation["category_id"] for annotation in annotations]
    several = len(set(pairs)) < len(pairs)
    instances = np.zeros(shape, np.uint32) if several else None
    overlapped = np.zeros(shape, bool)
    bare = 0
    for number, annotation in enumerate(annotations, start=1):
        region = _region(annotation, shape)
        if region is None:
            bare += 1
            continue
        class_id = int(annotation["category_id"]) + shift
        if class_id not in table.ids:
            raise ValueError(f"annotation {annotation.get('id')} has category {class_id - shift}, which is not listed")
        overlapped |= region & (labels != 0) & (labels != class_id)
        labels[region] = class_id
        if instances is not None:
            instances[region] = number
    if bare:
        notes += (f"{image['file_name']}: {counted(bare, 'annotation')} without a mask (box, key points) left out.",)
    return LabelImage(
        labels,
        table,
        stem=stem,
        image_name=str(image["file_name"]),
        instances=instances,
        overlapped=int(np.count_nonzero(overlapped)),
        notes=notes,
    )


def _region(annotation: dict[str, Any], shape: tuple[int, int]) -> NDArray[np.bool_] | None:
    segmentation = annotation.get("segmentation")
    if not segmentation:
        return None
    if isinstance(segmentation, dict):
        return rle_mask(segmentation, shape)
    segmentation = [polygon for polygon in segmentation if len(polygon) >= 6]  # two points have no area
    if not segmentation:
        return None
    coder = _coco_mask()
    parts = coder.frPyObjects([[float(v) for v in polygon] for polygon in segmentation], *shape)
    return np.asarray(coder.decode(coder.merge(parts))).astype(bool)


@cache
def _coco_mask() -> Any:
    from pycocotools import mask

    return mask
