"""File ▸ Save Selected Layers: label layers into mask formats (napari itself writes no labels as PNG)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.utils.notifications import show_warning

from napari_cliptrase.colors import class_color
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.classes import ClassTable, MaskClass
from napari_cliptrase.masks.flatten import flatten
from napari_cliptrase.masks.model import LabelImage
from napari_cliptrase.masks.names import file_part
from napari_cliptrase.masks.registry import format_named
from napari_cliptrase.masks.units import canonical
from napari_cliptrase.plugin.layers.tags import KEY
from napari_cliptrase.plugin.widgets.export.sources import axes_letters

LayerData = tuple[Any, dict[str, Any], str]
Writer = Callable[[str, list[LayerData]], list[str]]


def masks_of(layers: list[LayerData]) -> list[LabelImage]:
    """Return the masks of label layers, bottom first: layers of one image are laid over each other."""
    groups: dict[str, list[LayerData]] = {}
    for layer in layers:
        tag = layer[1].get("metadata", {}).get(KEY)
        groups.setdefault(str(tag.get("image", "")) if isinstance(tag, dict) else "", []).append(layer)
    stems: set[str] = set()
    masks = []
    for group in groups.values():
        stem = file_part(str(_tag(group[-1]).get("image_name") or group[-1][1].get("name", "mask")))
        while stem in stems:
            stem += "-2"
        stems.add(stem)
        masks.append(_mask(stem, group))
    return masks


def table_in(meta: dict[str, Any]) -> ClassTable:
    """Return the classes in the attributes of a layer: from our tag, else from its features and colours."""
    tag = meta.get("metadata", {}).get(KEY)
    if isinstance(tag, dict) and tag.get("classes"):
        return ClassTable.from_json(str(tag["classes"]), f"Layer {meta.get('name')!r}")
    features = meta.get("features")
    if features is None or "index" not in features or "class" not in features:
        return ClassTable()
    colors = getattr(meta.get("colormap"), "color_dict", {})
    classes = []
    for index, name in zip(features["index"], features["class"], strict=True):
        class_id = int(index)
        if class_id < 1:
            continue
        color = class_color(class_id)
        if class_id in colors:
            red, green, blue = (round(255 * float(part)) for part in colors[class_id][:3])
            color = red, green, blue
        classes.append(MaskClass(class_id, str(name), color))
    return ClassTable(tuple(classes))


def _tag(layer: LayerData) -> dict[str, Any]:
    tag = layer[1].get("metadata", {}).get(KEY)
    return tag if isinstance(tag, dict) else {}


def _mask(stem: str, layers: list[LayerData]) -> LabelImage:
    arrays = [np.asarray(data[0] if meta.get("multiscale") else data) for data, meta, _ in layers]
    flat = flatten(arrays)
    table = ClassTable()
    for _, meta, _ in layers:
        table = table.joined(table_in(meta), f"layer {meta.get('name')!r}")
    meta = layers[-1][1]
    ndim = flat.labels.ndim
    names = [str(name) for name in meta.get("axis_labels") or [""] * ndim]
    return LabelImage(
        flat.labels,
        table,
        axes=axes_letters(names),
        stem=stem,
        scale=tuple(float(value) for value in meta.get("scale", ())),
        units=tuple(canonical(unit) for unit in meta.get("units") or ()),
        origin=tuple(float(value) for value in meta.get("translate", ())),
        overlapped=flat.overlapped,
    )


def _writer(key: str) -> Writer:
    def write(path: str, layer_data: list[LayerData]) -> list[str]:
        form = format_named(key)
        others = [meta.get("name") for _, meta, kind in layer_data if kind != "labels"]
        if others:
            raise MaskFormatError(f"Layer {others[0]!r} is no label layer; select label layers only.")
        report = form.write(masks_of(layer_data), Path(path))
        for loss in report.losses:
            show_warning(f"{form.title}: {loss}")
        return [str(file) for file in report.files]

    write.__doc__ = f"Write label layers as {key}."
    return write


write_png = _writer("png")
write_tiff = _writer("tiff")
write_ome_tiff = _writer("ome-tiff")
write_npz = _writer("npz")
write_coco = _writer("coco")
write_coco_instances = _writer("coco-instances")
write_labelme = _writer("labelme")
write_cvat = _writer("cvat")
write_label_studio = _writer("label-studio")
write_geojson = _writer("geojson")
write_imagej = _writer("imagej")
write_seg_nrrd = _writer("seg-nrrd")
write_nifti = _writer("nifti")
write_ome_zarr = _writer("ome-zarr")
