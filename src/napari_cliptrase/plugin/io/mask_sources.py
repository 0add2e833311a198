"""Which masks a list of layers holds, and how each becomes what the mask formats take.

The dock and File ▸ Save Selected Layers both go through here, so that they write the same bytes.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_cliptrase.classes.colors import RGB
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.flatten import flatten
from napari_cliptrase.masks.label_image import LabelImage, count_values
from napari_cliptrase.masks.naming import file_part
from napari_cliptrase.masks.units import canonical
from napari_cliptrase.plugin.layers import Member, Role, file_of, member_of, table_of, tag_of
from napari_cliptrase.plugin.state.session import Session

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
class MaskSource:
    """A mask to be written: label layers that lie over one image or came from one mask file, bottom first.

    Attributes
    ----------
    title
        Name of the image, of the mask in its file, or of the only layer.
    layers
        Class layers; also the layer of void pixels and that of object numbers which a file brought.
    image
        None for a layer of somebody else.
    file
        File name of the image; None when it is not known.
    by_class
        Whether the layers hold one class each.
    """

    title: str
    layers: tuple[Labels, ...]
    image: Image | None = None
    file: str | None = None
    by_class: bool = False

    def only(self, chosen: Iterable[Labels]) -> "MaskSource | None":
        """Return the source with the chosen layers only; None when no layer with classes is left."""
        chosen_layers = list(chosen)
        layers = tuple(layer for layer in self.layers if layer in chosen_layers)
        alone = all(_holds_objects(layer) for layer in self.layers)
        return replace(self, layers=layers) if layers and (alone or not _holds_objects(layers[0])) else None


def sources_in(layers: Sequence[Layer]) -> tuple[MaskSource, ...]:
    """Return the masks of a layer list: the class layers of each image (or file) joined, all other label layers alone.

    Two layers are never joined unless both say that they belong together.
    """
    images = {str(layer.unique_id): layer for layer in layers if isinstance(layer, Image)}
    classes: dict[str, list[Labels]] = {}
    alone: list[tuple[Labels, Member | None]] = []
    objects: dict[str, Labels] = {}
    members: dict[str, Member] = {}
    taken: set[tuple[str, Role, int | None]] = set()
    for layer in layers:
        if not isinstance(layer, Labels):
            continue
        member = member_of(layer)
        if member is None:
            if tag_of(layer) is None:
                alone.append((layer, None))
        elif (key := (member.group, member.role, member.class_id)) in taken:
            alone.append((layer, None))  # a copy of a layer
        elif member.role is Role.OBJECTS:
            taken.add(key)
            objects[member.group] = layer
        elif member.role is Role.COMBINED:
            taken.add(key)
            alone.append((layer, member))
        else:
            taken.add(key)
            classes.setdefault(member.group, []).append(layer)
            members.setdefault(member.group, member)
    found = []
    for group, joined in classes.items():
        member, image = members[group], images.get(group)
        title = image.name if image is not None else member.title
        numbers = (objects.pop(group),) if group in objects else ()
        found.append(MaskSource(title, (*joined, *numbers), image, member.file or _file(image), True))
    for layer, one in alone:
        image = images.get(one.group) if one is not None else None
        numbers = (objects.pop(one.group),) if one is not None and one.group in objects else ()
        file = (one.file if one is not None else None) or _file(image)
        found.append(MaskSource(layer.name, (layer, *numbers), image, file))
    return (*found, *(MaskSource(layer.name, (layer,)) for layer in objects.values()))


def last_two_axes(layer: Labels) -> tuple[int, int]:
    """Rows and columns of a layer whose image says nothing else."""
    return layer.ndim - 2, layer.ndim - 1


def axes_known_to(session: Session) -> AxesOf:
    """Return rows and columns of a layer as the user set them for its image, else the last two axes."""

    def axes_of(layer: Labels) -> tuple[int, int]:
        member = member_of(layer)
        for known in (session.encoded, session.segmented):
            if known is not None and member is not None and member.group == str(known.source.target.image_id):
                geometry = known.source.target.geometry
                if geometry.fits(layer):
                    return geometry.rows, geometry.columns
        return last_two_axes(layer)

    return axes_of


def mask_of(source: MaskSource, pattern: str = DEFAULT_PATTERN, axes_of: AxesOf = last_two_axes) -> LabelImage:
    """Join the layers of a source in layer order into one mask, rows and columns last.

    The slow part of an export next to writing; it only reads layers and may run in a worker.
    """
    layers = [layer for layer in source.layers if not _holds_objects(layer)] or list(source.layers)
    numbers = next((layer for layer in source.layers if _holds_objects(layer) and layer not in layers), None)
    top = layers[-1]
    for layer in source.layers:
        _check_place(source, layer, top)
    flat = flatten([_labels(layer) for layer in layers])
    rows, columns = axes_of(top)
    order = [*(axis for axis in range(top.ndim) if axis not in (rows, columns)), rows, columns]
    labels = np.transpose(flat.labels, order)
    return LabelImage(
        labels,
        class_table(layers, flat.labels),
        axes=axes_letters([str(top.axis_labels[axis]) for axis in order]),
        stem=stem_for(source, pattern),
        image_name=source.file,
        scale=tuple(float(top.scale[axis]) for axis in order),
        units=tuple(canonical(top.units[axis]) for axis in order),
        origin=tuple(float(top.translate[axis]) for axis in order),
        instances=None if numbers is None else np.where(labels == 0, 0, np.transpose(_labels(numbers), order)),
        overlapped=flat.overlapped,
    )


def class_table(layers: Sequence[Labels], labels: np.ndarray) -> ClassTable:
    """Classes of all layers, each once; labels of a layer without classes take the colour they have on screen."""
    tables = [table_of(layer) or ClassTable() for layer in layers]
    ids = [member.class_id if (member := member_of(layer)) is not None else None for layer in layers]
    own = {i: entry for i, found in zip(ids, tables, strict=True) if i is not None and (entry := found.get(i))}
    table = ClassTable()
    for layer, found, class_id in zip(layers, tables, ids, strict=True):
        if class_id is not None:  # it is right about its own class; its entries of other classes may be older
            found = replace(found, classes=tuple(own.get(e.id) or table.get(e.id) or e for e in found))
        table = table.joined(found, f"layer {layer.name!r}")
    if not len(table) and len(layers) == 1:
        present = [value for value in count_values(labels) if value not in (0, table.void)]
        if len(present) <= MOST_COLORED:
            colored = tuple(MaskClass(i, f"class {i}", _color_on_screen(layers[0], i)) for i in present)
            table = replace(table, classes=colored)
    return table


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


def stem_for(source: MaskSource, pattern: str) -> str:
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
        "{layer}": _plain(source.layers[0].name) if _named_by_layer(source) else "classes",
        "{date}": date.today().isoformat(),
    }
    name = pattern
    for placeholder, value in values.items():
        name = name.replace(placeholder, value)
    return file_part(name)


def unplaced(source: MaskSource) -> tuple[str, ...]:
    """Sentences about what is on the screen but in no mask file: rotation, shear and affine transforms."""
    layer = source.layers[-1]
    turned = not np.allclose(layer.rotate, np.eye(layer.ndim)) or bool(np.any(np.asarray(layer.shear)))
    if turned or not np.allclose(np.asarray(layer.affine), np.eye(layer.ndim + 1)):
        return (f"{source.title}: the rotation, shear or affine transform of the layer is not in the files.",)
    return ()


def _named_by_layer(source: MaskSource) -> bool:
    return sum(not _holds_objects(layer) for layer in source.layers) <= 1


def _check_place(source: MaskSource, layer: Labels, top: Labels) -> None:
    """Refuse layers that do not lie on each other, since the pixels of one would land in the wrong place."""
    for name in ("scale", "translate", "rotate", "shear", "affine", "units"):
        one, other = np.asarray(getattr(layer, name)), np.asarray(getattr(top, name))
        same = np.array_equal(one, other) if name == "units" else one.shape == other.shape and np.allclose(one, other)
        if not same:
            raise MaskFormatError(
                f"Layers {layer.name!r} and {top.name!r} of {source.title} differ in {name}, so they cannot be one "
                "mask; give them the same place or export one of them at a time."
            )


def _file(image: Image | None) -> str | None:
    return None if image is None else file_of(image) or None


def _plain(name: str) -> str:
    """Return a layer name without the suffix of the image file it was opened from."""
    return re.sub(r"\.(png|jpe?g|tiff?|bmp|webp|npy|ome)$", "", name, flags=re.IGNORECASE)


def _holds_objects(layer: Labels) -> bool:
    member = member_of(layer)
    return member is not None and member.role is Role.OBJECTS


def _labels(layer: Labels) -> np.ndarray:
    return np.asarray(layer.data[0] if layer.multiscale else layer.data)


def _color_on_screen(layer: Labels, label: int) -> RGB:
    red, green, blue = (round(255 * float(part)) for part in layer.get_color(label)[:3])
    return red, green, blue
