"""Which masks the layer list holds, and how each becomes what the mask formats take."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_cliptrase.colors import RGB
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.classes import ClassTable, MaskClass
from napari_cliptrase.masks.flatten import flatten
from napari_cliptrase.masks.model import LabelImage, count_values
from napari_cliptrase.masks.names import file_part
from napari_cliptrase.masks.units import canonical
from napari_cliptrase.plugin.layers import Role, table_of, tag_of

DEFAULT_PATTERN: Final = "{image}"
PLACEHOLDERS: Final = {
    "{image}": "name of the image",
    "{layer}": "name of the layer, or “classes” when several are joined",
    "{date}": "today, as 2026-01-31",
}
MOST_COLORED: Final = 256
"""Labels of other people's layers beyond which their colours are not asked for: those are objects, not classes."""

AxesOf = Callable[[Labels], tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Source:
    """One mask to be: label layers that lie over one image, bottom first.

    ``image`` is None for a layer that is not ours.
    """

    title: str
    layers: tuple[Labels, ...]
    image: Image | None = None

    def only(self, chosen: Iterable[Labels]) -> "Source | None":
        """Return the source with the chosen layers only; None when none is left."""
        wanted = list(chosen)
        layers = tuple(layer for layer in self.layers if layer in wanted)
        return Source(self.title, layers, self.image) if layers else None


def sources_in(layers: Sequence[Layer]) -> tuple[Source, ...]:
    """Return the masks of a layer list: the class layers of each image joined, all other label layers alone."""
    images = {str(layer.unique_id): layer for layer in layers if isinstance(layer, Image)}
    classes: dict[str, list[Labels]] = {}
    titles: dict[str, str] = {}
    alone: list[Source] = []
    for layer in layers:
        if not isinstance(layer, Labels):
            continue
        tag = tag_of(layer)
        if tag is None:
            alone.append(Source(layer.name, (layer,)))
        elif tag.role is Role.CLASS:
            classes.setdefault(tag.image, []).append(layer)
            image = images.get(tag.image)
            titles[tag.image] = image.name if image is not None else tag.image_name
        elif tag.role is Role.COMBINED:
            alone.append(Source(layer.name, (layer,), images.get(tag.image)))
    joined = [Source(titles[key], tuple(found), images.get(key)) for key, found in classes.items()]
    return (*joined, *alone)


def last_two_axes(layer: Labels) -> tuple[int, int]:
    """Rows and columns of a layer whose image says nothing else."""
    return layer.ndim - 2, layer.ndim - 1


def mask_of(source: Source, pattern: str = DEFAULT_PATTERN, axes_of: AxesOf = last_two_axes) -> LabelImage:
    """Join the layers of a source in layer order into one mask, rows and columns last.

    The slow part of an export next to writing; it only reads layers and may run in a worker.
    """
    top = source.layers[-1]
    flat = flatten([_labels(layer) for layer in source.layers])
    rows, columns = axes_of(top)
    order = [*(axis for axis in range(top.ndim) if axis not in (rows, columns)), rows, columns]
    path = source.image.source.path if source.image is not None else None
    return LabelImage(
        np.transpose(flat.labels, order),
        class_table(source, flat.labels),
        axes=axes_letters([str(top.axis_labels[axis]) for axis in order]),
        stem=stem_for(source, pattern),
        image_name=Path(path).name if path else None,
        scale=tuple(float(top.scale[axis]) for axis in order),
        units=tuple(canonical(top.units[axis]) for axis in order),
        origin=tuple(float(top.translate[axis]) for axis in order),
        overlapped=flat.overlapped,
    )


def class_table(source: Source, labels: np.ndarray) -> ClassTable:
    """Classes of all layers, each once; labels of layers without classes take the colour they have on screen."""
    known: dict[int, MaskClass] = {}
    for layer in source.layers:
        for entry in table_of(layer) or ():
            known.setdefault(entry.id, entry)
    if not known and len(source.layers) == 1:
        ids = [value for value in count_values(labels) if value != 0]
        if len(ids) <= MOST_COLORED:
            known = {i: MaskClass(i, f"class {i}", _color_on_screen(source.layers[0], i)) for i in ids}
    return ClassTable(tuple(known.values()))


def axes_letters(labels: Sequence[str]) -> str:
    """Return one letter an axis, such as ``TZYX``: from the layer's axis labels where they name it, else by custom."""
    custom = ["Y", "X"] if len(labels) == 2 else [*"TCZYX"[-len(labels) :]]
    if len(labels) == 4:
        custom[0] = "T"
    named = [label.strip().upper() if label.strip().upper() in ("T", "C", "Z") else "" for label in labels[:-2]]
    letters = [name or fallback for name, fallback in zip(named, custom[:-2], strict=True)]
    if len(set(letters)) < len(letters):
        letters = custom[:-2]
    return "".join([*letters, "Y", "X"])


def stem_for(source: Source, pattern: str) -> str:
    """Fill a file-name pattern; raise one sentence for a placeholder that there is not."""
    found = set(re.findall(r"\{[^{}]*\}", pattern))
    unknown = sorted(found - set(PLACEHOLDERS))
    if unknown:
        raise MaskFormatError(
            f"The file name pattern has {unknown[0]}, which means nothing; use {', '.join(PLACEHOLDERS)}."
        )
    if not pattern.strip():
        raise MaskFormatError("The file name pattern is empty; write for example {image}.")
    values = {
        "{image}": _plain(source.title),
        "{layer}": _plain(source.layers[0].name) if len(source.layers) == 1 else "classes",
        "{date}": date.today().isoformat(),
    }
    name = pattern
    for placeholder, value in values.items():
        name = name.replace(placeholder, value)
    return file_part(name)


def unplaced(source: Source) -> tuple[str, ...]:
    """Sentences about what is on the screen but in no mask file: rotation, shear and affine transforms."""
    layer = source.layers[-1]
    turned = not np.allclose(layer.rotate, np.eye(layer.ndim)) or bool(np.any(np.asarray(layer.shear)))
    if turned or not np.allclose(np.asarray(layer.affine), np.eye(layer.ndim + 1)):
        return (f"{source.title}: the rotation, shear or affine transform of the layer is not in the files.",)
    return ()


def _plain(name: str) -> str:
    """Return a layer name without the suffix of the image file it was opened from."""
    return re.sub(r"\.(png|jpe?g|tiff?|bmp|webp|npy|ome)$", "", name, flags=re.IGNORECASE)


def _labels(layer: Labels) -> np.ndarray:
    return np.asarray(layer.data[0] if layer.multiscale else layer.data)


def _color_on_screen(layer: Labels, label: int) -> RGB:
    red, green, blue = (round(255 * float(part)) for part in layer.get_color(label)[:3])
    return red, green, blue
