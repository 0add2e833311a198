"""The description inside a mask file, in formats with a field for free text."""

import json
from typing import Any

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.json_file import parse_json
from napari_cliptrase.masks.label_image import LabelImage

OWN_KEY = "napari-cliptrase"


def mask_metadata(mask: LabelImage) -> dict[str, Any]:
    """Return class table, axes and pixel size of a mask as JSON data."""
    return {
        "classes": json.loads(mask.classes.to_json()),
        "axes": mask.axes,
        "shape": list(mask.labels.shape),
        "scale": list(mask.scale),
        "units": list(mask.units),
        "origin": list(mask.origin),
        "image": mask.image_name,
    }


def described(
    labels: LabelArray, stem: str, data: dict[str, Any] | None, classes: ClassTable | None = None
) -> LabelImage:
    """Return a mask from its array, (…, H, W) integers, and its description; ``classes`` takes precedence over its own.

    A description that does not fit the array (someone cropped or transposed the file) is used for the classes only.
    """
    if data is None:
        return LabelImage(labels, classes or ClassTable(), stem=stem)
    labels = _unsqueezed(labels, data.get("shape"))
    table = classes or ClassTable.from_data(data["classes"])
    if len(data.get("axes", "")) != labels.ndim:
        return LabelImage(labels, table, stem=stem)
    return LabelImage(
        labels,
        table,
        axes=str(data["axes"]),
        stem=stem,
        image_name=data.get("image"),
        scale=tuple(data.get("scale", ())),
        units=tuple(map(str, data.get("units", ()))),
        origin=tuple(data.get("origin", ())),
    )


def _unsqueezed(labels: LabelArray, shape: Any) -> LabelArray:
    """Restore axes of length one, which many formats drop or add."""
    if isinstance(shape, list) and [n for n in shape if n != 1] == [n for n in labels.shape if n != 1]:
        return labels.reshape(shape)
    return labels


def dump(mask: LabelImage) -> str:
    """Return the description as one line of JSON."""
    return json.dumps(mask_metadata(mask), ensure_ascii=False, separators=(",", ":"))


def parse_metadata(text: str | bytes | None) -> dict[str, Any] | None:
    """Return the description in a text, or None when there is none."""
    if not text:
        return None
    try:
        data = parse_json(text)
    except ValueError:
        return None
    return data if isinstance(data, dict) and isinstance(data.get("classes"), dict) else None
