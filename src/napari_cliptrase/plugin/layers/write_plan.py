"""Before anything is written: which layers a run will write to, resolved once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from napari.layers import Image, Labels

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers.appearance import joined_tables
from napari_cliptrase.plugin.layers.layer_contents import LayerContents
from napari_cliptrase.plugin.layers.layer_registry import LayerRegistry
from napari_cliptrase.plugin.layers.output import PlaneResult
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.tags import class_of


@dataclass(frozen=True, eq=False)
class WritePlan:
    """What a run writes, and where.

    Attributes
    ----------
    results
        One for each plane, all of one image.
    table
        Classes of the results, and those that only layers of the image have.
    existing
        Label layers of the image that have its shape and belong to the output.
    missing
        New, empty layers that are not in the list yet: for classes that have pixels in any plane and no layer. The
        last class comes first, so that the first lies on top.
    """

    image: Image
    results: tuple[PlaneResult, ...]
    table: ClassTable
    existing: tuple[Labels, ...]
    missing: tuple[Labels, ...]
    mode: MergeMode
    locked: frozenset[int]

    @property
    def layers(self) -> tuple[Labels, ...]:
        """All layers in the order of writing."""
        return self.existing + self.missing


def resolve(
    registry: LayerRegistry,
    contents: LayerContents,
    results: Sequence[PlaneResult],
    output: Output,
    mode: MergeMode,
    locked: Collection[int],
) -> WritePlan:
    """Decide where results go: take up layers that came from files, release those of another shape, make new ones."""
    for result in results:
        if result.labels.shape != result.target.shape:
            raise ValueError(f"labels of shape {result.labels.shape} for a target of shape {result.target.shape}")
    target = results[0].target
    image = contents.image(target)
    registry.adopt(image, target.geometry)
    table = joined_tables(results[0].table, registry.table(image))
    existing = writable_layers(registry, contents, results[0])
    missing = []
    if output is not Output.CLASSES and registry.combined_layer(image) is None:
        missing.append(registry.make(image, target.geometry, table, None))
    if output is not Output.COMBINED:
        present = set().union(*(_labels_in(result.labels) for result in results))
        present -= set(registry.class_layers(image))
        missing += [
            registry.make(image, target.geometry, table, entry)
            for entry in reversed(table.classes)
            if entry.id in present
        ]
    other = Output.CLASSES, Output.COMBINED
    layers = [layer for layer in existing if output is not other[class_of(layer) is not None]]
    return WritePlan(image, tuple(results), table, tuple(layers), tuple(missing), mode, frozenset(locked))


def writable_layers(registry: LayerRegistry, contents: LayerContents, result: PlaneResult) -> list[Labels]:
    """Layers of the target's shape; others of this image are released, since nothing can be written to them."""
    image = contents.image(result.target)
    fitting = contents.fitting_layers(image, result.target)
    for layer in contents.label_layers(image):
        if layer not in fitting:
            registry.release(layer)
    return fitting


def _labels_in(labels: LabelArray) -> set[int]:
    """Return the numbers in an array (h, w); np.unique takes twice as long."""
    found = np.zeros(int(labels.max(initial=0)) + 1, bool)
    found[labels] = True
    return set(np.flatnonzero(found).tolist())
