"""Opening mask files: label layers with the names and colours of their classes."""

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final
from uuid import uuid4

from napari.utils.notifications import show_info, show_warning

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.flatten import split_classes
from napari_cliptrase.masks.label_image import PIXEL, LabelImage
from napari_cliptrase.masks.registry import guess_format
from napari_cliptrase.masks.tables import CLASS_FILE
from napari_cliptrase.masks.units import symbol
from napari_cliptrase.plugin.layers.appearance import colormap_of, features_of
from napari_cliptrase.plugin.state.tags import TAGS_KEY, Role

LayerData = tuple[Any, dict[str, Any], str]
Reader = Callable[[str | Sequence[str]], list[LayerData]]

MOST_MASKS: Final = 50
"""Masks of one file that are opened; a data set of thousands would make a layer list that nobody can use."""


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """Return a reader when every path is in a mask format that can be read back, else None."""
    try:
        forms = [guess_format(name) for name in _names(path)]
    except MaskFormatError:  # only this plugin reads a class table: opening it then says what is wrong
        return read if any(name.name.endswith(CLASS_FILE) and name.is_file() for name in _names(path)) else None
    return read if all(form.available for form in forms) else None


def read(path: str | Sequence[str]) -> list[LayerData]:
    """Open mask files: a single mask as one layer per class, several masks as one layer each."""
    masks = [mask for name in _names(path) for mask in guess_format(name).read(name)]
    for note in dict.fromkeys(note for mask in masks for note in mask.notes):
        show_info(note)
    for mask in masks:
        if mask.overlapped:
            show_info(f"{mask.stem}: {mask.overlapped:,} pixels belong to several shapes; the later one was kept.")
    if any(mask.scores is not None for mask in masks):
        show_info("The class scores in the file are not shown.")
    if len(masks) > MOST_MASKS:
        show_warning(f"There are {len(masks):,} masks; the first {MOST_MASKS} were opened.")
    if len(masks) == 1:
        return class_layers(masks[0])
    return [layer for mask in masks[:MOST_MASKS] for layer in _whole(mask)]


def class_layers(mask: LabelImage) -> list[LayerData]:
    """Return one layer per class that has pixels; a mask without any as a single empty layer.

    Void pixels and object numbers are layers of their own. All layers carry one key, by which they become one mask
    again when they are exported.
    """
    present = [entry for entry in mask.classes if mask.counts.get(entry.id)]
    if not present:
        return _whole(mask)
    key, image = _key(mask), _image_name(mask)
    ids = [entry.id for entry in present]
    void = mask.classes.void if mask.void_pixels else None
    parts = split_classes(mask.labels, ids if void is None else [*ids, void])
    layers = [_layer(mask, parts[entry.id], f"{entry.name} · {image}", key, class_id=entry.id) for entry in present]
    if void is not None:
        layers.append(_layer(mask, parts[void], f"void · {image}", key, role=Role.VOID))
    return layers + _objects(mask, key, image)


def _whole(mask: LabelImage) -> list[LayerData]:
    """One layer with all classes, and one with the object numbers if there are any."""
    key = _key(mask)
    return [_layer(mask, mask.labels, mask.stem, key), *_objects(mask, key, mask.stem)]


def _objects(mask: LabelImage, key: str, name: str) -> list[LayerData]:
    """The object numbers as a hidden layer in napari's own colours."""
    if mask.instances is None:
        return []
    data, meta, kind = _layer(mask, mask.instances, f"objects · {name}", key, role=Role.OBJECTS)
    del meta["features"], meta["colormap"]
    meta["metadata"][TAGS_KEY]["classes"] = ""  # the numbers are objects, not classes
    return [(data, {**meta, "visible": False}, kind)]


def _key(mask: LabelImage) -> str:
    """A key that no other mask has, so that a file which is opened twice gives two masks."""
    return f"{mask.stem} {uuid4()}"


def _layer(
    mask: LabelImage, labels: LabelArray, name: str, key: str, *, role: Role | None = None, class_id: int | None = None
) -> LayerData:
    tag = {
        "mask": key,
        "role": str(role or (Role.COMBINED if class_id is None else Role.CLASS)),
        "classes": mask.classes.to_json(),
        "class_id": class_id,
        "image_name": _image_name(mask),
        "image_file": mask.image_name,
    }
    meta: dict[str, Any] = {
        "name": name,
        "scale": mask.scale,
        "translate": mask.origin,
        "features": features_of(mask.classes),
        "colormap": colormap_of(mask.classes),
        "metadata": {TAGS_KEY: tag},
    }
    if all(unit == PIXEL or symbol(unit) is not None for unit in mask.units) and set(mask.units) != {PIXEL}:
        meta["units"] = mask.units
    if mask.labels.ndim > 2:
        meta["axis_labels"] = tuple(axis.lower() for axis in mask.axes)
    return labels, meta, "labels"


def _image_name(mask: LabelImage) -> str:
    return PurePosixPath(mask.image_name or mask.stem).stem  # what napari calls the image layer


def _names(path: str | Sequence[str]) -> list[Path]:
    return [Path(path)] if isinstance(path, str | Path) else [Path(name) for name in path]
