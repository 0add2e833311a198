"""What can be refined: the class layers of an image together, or any other label layer over an image."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.engine.likeness import with_likeness
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers, plugin_layers, table_of, tag_of
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.plane_source import PlaneSource, plane_source_of
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.state.tags import provenance_at

MOST_NUMBERS_LISTED = 256
"""Labels of a layer beyond which they are objects, not classes to choose from."""


@dataclass(frozen=True, eq=False)
class RefineTarget:
    """An entry of the list: ``image`` alone means its class layers, with ``layer`` that layer over the image."""

    title: str
    image: Image
    layer: Labels | None = None

    def same_as(self, other: "RefineTarget | None") -> bool:
        """Whether both mean the same layers, whatever they are called now."""
        return other is not None and (self.image, self.layer) == (other.image, other.layer)


@dataclass(frozen=True, eq=False)
class Labelled:
    """The labels of a choice as they are now.

    Attributes
    ----------
    labels, edited
        (h, w) of the source's box: labels, and hand edits that stay.
    scores
        Of the segmentation when the labels come from it.
    picture
        Returns the (h, w, 3) uint8 picture of the box.
    provenance
        How the labels were made, as far as it is known.
    """

    source: PlaneSource
    labels: NDArray[np.integer]
    edited: NDArray[np.bool_]
    scores: ClassScores | None
    picture: Callable[[], NDArray[np.uint8]]
    provenance: Mapping[str, Any]


def refine_targets(session: Session) -> tuple[RefineTarget, ...]:
    """Return what can be refined: first images with label layers of the plugin, then other layers over the image."""
    layers = session.viewer.layers
    images = session.images
    joined = [
        RefineTarget(f"Classes of {image.name}", image)
        for image in images
        if any(isinstance(layer, Labels) for layer in plugin_layers(layers, image.unique_id))
    ]
    image = session.image if session.image is not None else (images[-1] if images else None)
    if image is None:
        return tuple(joined)
    others = [layer for layer in layers if isinstance(layer, Labels) and tag_of(layer) is None]
    return (*joined, *(RefineTarget(layer.name, image, layer) for layer in others))


def table_for(label_layers: LabelLayers, choice: RefineTarget) -> ClassTable:
    """Return the classes of a choice; without a table, the labels that occur, unless they are too many."""
    if choice.layer is None:
        return label_layers.table(choice.image)
    table = table_of(choice.layer)
    if table is not None:
        return table
    if choice.layer.multiscale:
        return ClassTable()
    found = np.unique(np.asarray(choice.layer.data))
    return ClassTable().with_missing(found[found > 0].tolist()) if found.size <= MOST_NUMBERS_LISTED else ClassTable()


def labelled(session: Session, label_layers: LabelLayers, choice: RefineTarget) -> Labelled:
    """Read the labels of a choice in the shown plane; raises CliptraseError when they do not fit the image."""
    source = whole_plane(session, choice.image)
    target = source.target
    picture = source.rgb
    encoded = session.encoded
    if encoded is not None and encoded.source.key == source.key:
        picture = lambda: np.asarray(encoded.rgb)  # noqa: E731 - as short as its meaning
    if choice.layer is not None:
        if not target.geometry.fits(choice.layer):
            raise CliptraseError(
                f"Layer {choice.layer.name!r} has other axes or another size than image {choice.image.name!r}; "
                "choose the image it was drawn on in “Segment by text”."
            )
        labels = np.array(target.geometry.plane_of(choice.layer.data, target.plane))
        return Labelled(source, labels, np.zeros(labels.shape, bool), None, picture, {})
    labels, _twice = label_layers.combined(target)
    scores = None
    segmented = session.segmented
    if segmented is not None and segmented.source.key == source.key:
        scores = segmented.segmentation.scores
        if encoded is not None and encoded.source.key == source.key:
            scores = with_likeness(scores, encoded.encoding)
    return Labelled(source, labels, label_layers.edited(target), scores, picture, _provenance(session, target))


def _provenance(session: Session, target: Target) -> dict[str, Any]:
    """Return how our labels in a plane were made; the newest record counts."""
    records = [provenance_at(layer, target.plane) for layer in plugin_layers(session.viewer.layers, target.image_id)]
    return max(records, key=lambda record: str(record.get("time", "")), default={})


def whole_plane(session: Session, image: Image) -> PlaneSource:
    """Return the whole plane on screen, read as the last encoding of this image was."""
    encoded = session.encoded
    last = encoded.source if encoded is not None and encoded.source.target.image_id == image.unique_id else None
    return plane_source_of(
        session.viewer,
        image,
        session.version_of(image),
        roles=None if last is None else last.roles,
        as_shown=last is None or last.contrast is not None,
    )
