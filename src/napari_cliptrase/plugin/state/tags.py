"""Which layers are the plugin's, and what they hold: a small dictionary in ``layer.metadata["cliptrase"]``.

The tag names the layer's own id: a duplicate of a layer carries the tag of the original, but is the user's copy and is
left alone. All values are plain JSON, so that writers can keep them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from napari.layers import Layer

TAGS_KEY = "cliptrase"


class Role(StrEnum):
    """What one of our layers shows."""

    CLASS = "class"
    COMBINED = "combined"
    SCORE = "score"
    MARGIN = "margin"
    REGIONS = "regions"
    PREVIEW = "preview"
    VOID = "void"
    """Pixels of a mask file that are neither a class nor background."""
    OBJECTS = "objects"
    """Object numbers of a mask file."""


@dataclass(frozen=True)
class Tag:
    """The identity of one of our layers.

    Attributes
    ----------
    role
        What it shows.
    image, image_name
        ``unique_id`` (as text) and name of the image that it was made from.
    layer
        ``unique_id`` (as text) of the layer itself.
    class_id
        Of a class or score layer.
    run
        Number of the last run that wrote to it.
    name
        The name that we gave it; a layer that the user renamed keeps the user's name.
    classes
        The class table, as the text of a ``classes.json``.
    provenance
        How the last result of each plane was made, by the plane's index as text (see `provenance_at`).
    image_file
        File name of the image; empty when it is not known.
    """

    role: Role
    image: str
    image_name: str
    layer: str
    class_id: int | None = None
    run: int = 0
    name: str = ""
    classes: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)
    image_file: str = ""


def tag_of(layer: Layer) -> Tag | None:
    """Return the tag of a layer of the plugin; None for all others, also for duplicates of its layers."""
    raw = layer.metadata.get(TAGS_KEY)
    if not isinstance(raw, dict) or raw.get("layer") != str(layer.unique_id):
        return None
    try:
        return replace(Tag(**raw), role=Role(raw["role"]))
    except (TypeError, ValueError, KeyError):
        return None


@dataclass(frozen=True)
class Member:
    """To which mask a label layer belongs: of an image in the viewer, or of a file that was opened.

    Attributes
    ----------
    group
        ``unique_id`` (as text) of the image, or the key that the reader gave to the mask; equal for layers of one mask.
    role, class_id
        CLASS, COMBINED, VOID or OBJECTS; the class of a class layer.
    title
        Name of the image or of the mask in its file.
    file
        File name of the image; None when it is not known.
    """

    group: str
    role: Role
    class_id: int | None
    title: str
    file: str | None


def member_of(layer: Layer) -> Member | None:
    """Return the mask that a label layer belongs to; None for layers of others and for copies."""
    tag = tag_of(layer)
    if tag is not None:
        if tag.role not in (Role.CLASS, Role.COMBINED):
            return None
        return Member(tag.image, tag.role, tag.class_id, tag.image_name, tag.image_file or None)
    raw = layer.metadata.get(TAGS_KEY)
    if not isinstance(raw, dict) or raw.get("layer"):
        return None
    group, class_id = raw.get("image") or raw.get("mask"), raw.get("class_id")
    if not group:
        return None
    try:
        role = Role(raw.get("role") or (Role.COMBINED if class_id is None else Role.CLASS))
    except ValueError:
        return None
    return Member(str(group), role, class_id, str(raw.get("image_name") or layer.name), raw.get("image_file") or None)


def file_of(image: Layer) -> str:
    """Name of the file that an image was opened from; empty when there is none."""
    path = image.source.path
    return Path(path).name if path else ""


def class_of(layer: Layer) -> int | None:
    """Class of a layer of the plugin; None for a combined one."""
    tag = tag_of(layer)
    return tag.class_id if tag is not None else None


def provenance_at(layer: Layer, plane: Sequence[int]) -> dict[str, Any]:
    """How the last result in a plane of a layer of the plugin was made; empty when it is unknown."""
    tag = tag_of(layer)
    return dict(tag.provenance.get(_plane_key(plane), {})) if tag is not None else {}


def all_provenance(layers: Iterable[Layer]) -> tuple[dict[str, Any], ...]:
    """How the planes of some layers were made, in the order of the planes; of several records the newest counts."""
    newest: dict[tuple[int, ...], dict[str, Any]] = {}
    for layer in layers:
        tag = tag_of(layer)
        for key, record in (tag.provenance if tag is not None else {}).items():
            plane = tuple(int(number) for number in key.split(",") if number)
            if plane not in newest or str(newest[plane].get("time", "")) < str(record.get("time", "")):
                newest[plane] = dict(record)
    return tuple(newest[plane] for plane in sorted(newest))


def with_provenance(known: Mapping[str, Any], plane: Sequence[int], record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a tag holds after a new result in a plane; a result without a record leaves it as it is."""
    return {**known, _plane_key(plane): dict(record)} if record else dict(known)


def _plane_key(plane: Sequence[int]) -> str:
    return ",".join(map(str, plane))


def set_tag(layer: Layer, tag: Tag) -> None:
    """Write the tag into the layer's metadata, keeping other entries; without a change no event is sent."""
    # the records of all planes are in it: they are not copied each time
    entry = {item.name: getattr(tag, item.name) for item in fields(tag)} | {"role": str(tag.role)}
    if layer.metadata.get(TAGS_KEY) != entry:
        layer.metadata = {**layer.metadata, TAGS_KEY: entry}


def plugin_layers(layers: Iterable[Layer], image: UUID | None = None, role: Role | None = None) -> tuple[Layer, ...]:
    """Layers of the plugin, of one image and one role if given, from the bottom of the list to its top."""
    found = []
    for layer in layers:
        tag = tag_of(layer)
        if tag is None or (image is not None and tag.image != str(image)) or (role is not None and tag.role != role):
            continue
        found.append(layer)
    return tuple(found)
