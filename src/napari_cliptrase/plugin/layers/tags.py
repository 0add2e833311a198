"""Which layers are ours, and what they hold: a small dictionary in ``layer.metadata["cliptrase"]``.

The tag names the layer's own id: a duplicate of a layer carries the tag of the original, but is the user's copy and is
left alone. All values are plain JSON, so that writers can keep them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from napari.layers import Layer

KEY = "cliptrase"


class Role(StrEnum):
    """What one of our layers shows."""

    CLASS = "class"
    COMBINED = "combined"
    SCORE = "score"
    MARGIN = "margin"
    REGIONS = "regions"
    PREVIEW = "preview"


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
        How the last result was made.
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


def tag_of(layer: Layer) -> Tag | None:
    """Return the tag of a layer of ours; None for all others, duplicates of ours included."""
    raw = layer.metadata.get(KEY)
    if not isinstance(raw, dict) or raw.get("layer") != str(layer.unique_id):
        return None
    try:
        return replace(Tag(**raw), role=Role(raw["role"]))
    except (TypeError, ValueError, KeyError):
        return None


def class_of(layer: Layer) -> int | None:
    """Class of a layer of ours; None for a combined one."""
    tag = tag_of(layer)
    return tag.class_id if tag is not None else None


def set_tag(layer: Layer, tag: Tag) -> None:
    """Write the tag into the layer's metadata, keeping other entries there."""
    entry = asdict(tag)
    entry["role"] = str(tag.role)
    layer.metadata = {**layer.metadata, KEY: entry}


def ours(layers: Iterable[Layer], image: UUID | None = None, role: Role | None = None) -> tuple[Layer, ...]:
    """Our layers, of one image and one role if given, from the bottom of the list to its top."""
    found = []
    for layer in layers:
        tag = tag_of(layer)
        if tag is None or (image is not None and tag.image != str(image)) or (role is not None and tag.role != role):
            continue
        found.append(layer)
    return tuple(found)
