"""Reading COCO JSON: run lengths, compressed or not, and polygons."""

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.colors import class_color
from napari_cliptrase.masks.classes import ClassTable, MaskClass
from napari_cliptrase.masks.model import LabelImage, dtype_for
from napari_cliptrase.masks.names import stem_of
from napari_cliptrase.masks.runs import mask_of, unpack_counts


def is_coco(path: Path) -> bool:
    """Whether a file is JSON with COCO's lists."""
    data = load_json(path)
    return isinstance(data, dict) and {"images", "annotations", "categories"} <= data.keys()


def load_json(path: Path) -> Any:
    """Return the data of a JSON file; None when the path is no JSON file."""
    if path.suffix.lower() not in (".json", ".geojson") or not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        return None


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
    data = json.loads(path.read_text(encoding="utf-8-sig"))
    table, shift, notes = category_table(data["categories"])
    of_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for annotation in data["annotations"]:
        of_image[annotation["image_id"]].append(annotation)
    dtype = dtype_for(max(table.ids, default=0))
    used: set[str] = set()
    for image in data["images"]:
        shape = int(image["height"]), int(image["width"])
        labels = np.zeros(shape, dtype)
        annotations = of_image[image["id"]]
        pairs = [annotation["category_id"] for annotation in annotations]
        several = len(set(pairs)) < len(pairs)
        instances = np.zeros(shape, np.uint32) if several else None
        overlapped = np.zeros(shape, bool)
        for number, annotation in enumerate(annotations, start=1):
            region = _region(annotation, shape)
            if region is None:
                continue
            class_id = int(annotation["category_id"]) + shift
            if class_id not in table.ids:
                raise ValueError(
                    f"annotation {annotation.get('id')} has category {class_id - shift}, which is not listed"
                )
            overlapped |= region & (labels != 0) & (labels != class_id)
            labels[region] = class_id
            if instances is not None:
                instances[region] = number
        yield LabelImage(
            labels,
            table,
            stem=unique(stem_of(str(image["file_name"])), used),
            image_name=str(image["file_name"]),
            instances=instances,
            overlapped=int(np.count_nonzero(overlapped)),
            notes=notes,
        )


def unique(stem: str, used: set[str]) -> str:
    """Return a stem that is not used yet: ``a``, then ``a-2``."""
    name, number = stem, 1
    while name in used:
        number += 1
        name = f"{stem}-{number}"
    used.add(name)
    return name


def rle_mask(segmentation: dict[str, Any], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) mask of a run-length segmentation."""
    height, width = map(int, segmentation["size"])
    if (height, width) != shape:
        raise ValueError(f"a mask of {height} × {width} pixels belongs to an image of {shape[0]} × {shape[1]}")
    counts = segmentation["counts"]
    lengths = unpack_counts(counts) if isinstance(counts, str) else np.asarray(counts, np.int64)
    return mask_of(lengths, height * width).reshape(width, height).T


def _region(annotation: dict[str, Any], shape: tuple[int, int]) -> NDArray[np.bool_] | None:
    segmentation = annotation.get("segmentation")
    if not segmentation:
        return None
    if isinstance(segmentation, dict):
        return rle_mask(segmentation, shape)
    coder = _coco_mask()
    parts = coder.frPyObjects([[float(v) for v in polygon] for polygon in segmentation], *shape)
    return np.asarray(coder.decode(coder.merge(parts))).astype(bool)


@cache
def _coco_mask() -> Any:
    from pycocotools import mask

    return mask
