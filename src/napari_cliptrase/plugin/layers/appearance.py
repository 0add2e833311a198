"""Names, colours and class tables of label layers.

napari shows the features of a label in its status bar and takes colours from a direct colormap: both are filled from
the class table, and the table can be read back from them when nothing else is left of it.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_cliptrase.classes.colors import RGB, class_color, to_hex
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.plugin.state.tags import TAGS_KEY

UNKNOWN = "#808080"


class ClassColormap(DirectLabelColormap):
    """Colours of labels, looked up with numpy.

    napari asks for the colours of all 256 (or 65,536) values of a type once for each colormap. Its own way compiles a
    loop with numba for that, which takes longer than the rest of a first run, and goes through the values in Python.
    """

    def _map_without_cache(self, values: NDArray[np.integer]) -> NDArray[np.float32]:
        colors: NDArray[np.float32] = np.empty((*values.shape, 4), np.float32)
        colors[...] = self.default_color
        for label, color in self.color_dict.items():
            if label is not None:
                colors[values == label] = color
        return colors


def colormap_of(table: ClassTable, hidden: frozenset[int] = frozenset()) -> DirectLabelColormap:
    """Colours of a table's classes; background is clear, labels without a class are gray so that they can be seen."""
    colors: dict[int | None, Any] = {None: UNKNOWN, 0: "transparent"}
    for entry in table:
        colors[entry.id] = "transparent" if entry.id in hidden else to_hex(entry.color)
    return ClassColormap(color_dict=colors)


def features_of(table: ClassTable) -> dict[str, list[Any]]:
    """The features table that makes the status bar say ``2; class: dog``."""
    return {"index": [0, *table.ids], "class": ["background", *(entry.name for entry in table)]}


def apply_classes(layer: Labels, table: ClassTable, hidden: frozenset[int] = frozenset()) -> None:
    """Give a layer the names and colours of a table; nothing is sent to the screen when nothing changes."""
    features = features_of(table)
    if "class" not in layer.features or layer.features.to_dict("list") != features:
        layer.features = features
    colormap = colormap_of(table, hidden)
    if not isinstance(layer.colormap, DirectLabelColormap) or not _same_colors(layer.colormap, colormap):
        layer.colormap = colormap


def table_of(layer: Labels) -> ClassTable | None:
    """Class table of a layer: from its tag, else from its features and colours (after save and reopen), else None."""
    raw = layer.metadata.get(TAGS_KEY)
    text = raw.get("classes") if isinstance(raw, dict) else None
    if text:
        try:
            return ClassTable.from_json(text, f"Layer {layer.name!r}")
        except MaskFormatError:
            pass
    features = layer.features
    if "index" not in features or "class" not in features:
        return None
    classes = []
    for index, name in zip(features["index"], features["class"], strict=True):
        if int(index) > 0:
            classes.append(MaskClass(int(index), str(name), _color_in(layer, int(index))))
    try:
        return ClassTable(tuple(classes))
    except MaskFormatError:
        return None


def joined_tables(first: ClassTable, second: ClassTable) -> ClassTable:
    """The classes of ``first``, then those that only ``second`` has."""
    extra = tuple(entry for entry in second if entry.id not in first.ids)
    return replace(first, classes=first.classes + extra)


def name_for(image: Image, class_name: str) -> str:
    """Name of a layer: the class first, because narrow layer lists cut the end."""
    return f"{class_name} · {image.name}"


def label_dtype(table: ClassTable) -> np.dtype:
    """The smallest unsigned type that holds all ids of a table."""
    return np.dtype(np.min_scalar_type(max((*table.ids, table.void or 0, 1))))


def _color_in(layer: Labels, class_id: int) -> RGB:
    if isinstance(layer.colormap, DirectLabelColormap) and class_id in layer.colormap.color_dict:
        red, green, blue, alpha = layer.colormap.color_dict[class_id]
        if alpha > 0:
            return round(float(red) * 255), round(float(green) * 255), round(float(blue) * 255)
    return class_color(class_id)


def _same_colors(one: DirectLabelColormap, other: DirectLabelColormap) -> bool:
    return one.color_dict.keys() == other.color_dict.keys() and all(
        np.array_equal(one.color_dict[key], other.color_dict[key]) for key in one.color_dict
    )
