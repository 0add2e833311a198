"""A stored mask becomes label layers: with the pixels of each class, and with what a person has stated about them.

    parts = split_annotation({(): annotation}, ids)          # arrays only; in a worker
    for layer in stored.put(image, geometry, parts, table): ...  # a layer at a time, in the GUI thread

`MaskMirror` is the way back. What a run may change afterwards is what it might have changed in the stored mask: pixels
that a person decided are stated, all others are the model's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_cliptrase.array_types import PlaneIndex
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.layers.label_layers import LabelLayers
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.project.pixel_provenance import by_hand
from napari_cliptrase.project.plane_files import Annotation


@dataclass(frozen=True, eq=False)
class LayerPart:
    """What one plane of a layer holds: its labels (H, W), and what is known of them."""

    content: NDArray[np.integer]
    baseline: Baseline


LayerParts = dict[int | None, dict[PlaneIndex, LayerPart]]
"""Planes of each layer, by class; None is the combined layer."""


def split_annotation(
    stored: Mapping[PlaneIndex, Annotation], ids: Sequence[int], *, combined: bool = False
) -> LayerParts:
    """Return the layers that a mask needs: one for each class that has pixels in any plane, or a combined one.

    ``ids`` are classes that get a layer in any case; the first of all layers holds what was made background by hand.
    """
    if combined:
        return {None: {plane: _combined(annotation) for plane, annotation in stored.items()}}
    present = {int(value) for found in stored.values() for value in np.unique(found.labels)} - {0}
    class_ids = [*dict.fromkeys([*ids, *sorted(present)])]
    parts: LayerParts = {class_id: {} for class_id in class_ids}
    for plane, annotation in stored.items():
        stated = by_hand(annotation.sources)
        for number, class_id in enumerate(class_ids):
            here = annotation.labels == class_id
            mine = here | (annotation.labels == 0) if number == 0 else here
            content = here * annotation.labels.dtype.type(class_id)
            baseline = Baseline(PackedMask.of(here & ~stated), PackedMask.of(mine & stated))
            parts[class_id][plane] = LayerPart(content, baseline)
    return parts


def _combined(annotation: Annotation) -> LayerPart:
    stated = by_hand(annotation.sources)
    written = np.where(stated, 0, annotation.labels).astype(annotation.labels.dtype)
    return LayerPart(annotation.labels, Baseline(written, PackedMask.of(stated)))


class StoredLayers:
    """Makes label layers of stored masks."""

    def __init__(self, label_layers: LabelLayers) -> None:
        self._label_layers = label_layers

    def put(
        self,
        image: Image,
        geometry: LayerGeometry,
        parts: LayerParts,
        table: ClassTable,
        *,
        editable: bool = True,
    ) -> Iterator[Labels]:
        """Add a layer for each part above its image and yield it; the order is that of ``parts``.

        Nobody can paint on layers that are not ``editable``.
        """
        for class_id, planes in parts.items():
            table = table if class_id is None else table.with_missing([class_id])
            layer = self._add(image, geometry, table, class_id, planes)
            layer.editable = editable
            yield layer

    def ensure(
        self, image: Image, geometry: LayerGeometry, table: ClassTable, class_id: int, planes: Iterable[PlaneIndex]
    ) -> Labels:
        """Return the layer to paint a class on; where there is none yet, an empty one is added."""
        layers = self._label_layers
        found = layers.class_layers(image).get(class_id) or layers.combined_layer(image)
        if found is not None:
            return found
        empty = np.zeros(geometry.plane_shape, np.uint8)
        nothing = Baseline(PackedMask.empty(empty.shape), PackedMask.empty(empty.shape))
        parts = {plane: LayerPart(empty, nothing) for plane in planes}
        return self._add(image, geometry, table.with_missing([class_id]), class_id, parts)

    def _add(
        self,
        image: Image,
        geometry: LayerGeometry,
        table: ClassTable,
        class_id: int | None,
        planes: Mapping[PlaneIndex, LayerPart],
    ) -> Labels:
        registry, history = self._label_layers.registry, self._label_layers.history
        layer = registry.make(image, geometry, table, None if class_id is None else table.get(class_id))
        for plane, part in planes.items():
            geometry.plane_of(layer.data, plane)[...] = part.content
        history.watch(layer, geometry)
        for plane, part in planes.items():
            history.set_baseline(layer, plane, part.baseline)
        with history.writing():
            registry.put(image, layer, table)
        return layer
