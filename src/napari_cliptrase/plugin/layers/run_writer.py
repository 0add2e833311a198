"""Writing one run into layers, remembering how to take it back."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from napari.components import LayerList
from napari.layers import Image, Labels

from napari_cliptrase.array_types import LabelArray, Mask
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.baseline import PackedMask
from napari_cliptrase.plugin.layers.changes import BaselineChange, PlaneChange, Run
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.layer_registry import LayerRegistry
from napari_cliptrase.plugin.layers.quick_removal import remove_layers
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.tags import class_of, tag_of, with_provenance

MOST_CHANGES = 8_000_000
"""Changed pixels beyond which a layer is copied instead: napari's undo would keep 17 bytes for each of them."""


@dataclass(frozen=True, eq=False)
class PlaneWrite:
    """What is to be written into one plane of a layer.

    Attributes
    ----------
    content
        (H, W) labels.
    edits
        (H, W) hand edits in it; with ``by_hand``, what a person stated with just this.
    by_hand
        Whether a person did this, with a tool.
    """

    layer: Labels
    content: LabelArray
    edits: Mask
    by_hand: bool = False
    provenance: dict[str, Any] = field(default_factory=dict)


class RunWriter:
    """Writes the planes of one run of an image."""

    def __init__(
        self,
        viewer_layers: LayerList,
        registry: LayerRegistry,
        history: History,
        image: Image,
        run: Run,
        fresh: frozenset[Labels] = frozenset(),
    ) -> None:
        self.run = run
        self._list = viewer_layers
        self._registry = registry
        self._history = history
        self._image = image
        self._steps: list[PlaneChange] = []
        run.steps = self._steps
        self._fresh = fresh
        self._copies: dict[Labels, Labels] = {}

    def current(self, layer: Labels) -> Labels:
        """Return the layer to write to in place of a planned one: itself, or a copy that this run put in its place."""
        return self._copies.get(layer, layer)

    def _is_copy(self, layer: Labels) -> bool:
        return layer in self._copies.values()

    def open(self, layer: Labels, target: Target, table: ClassTable) -> None:
        """Put a new layer into the list, which this run fills or has filled."""
        with self._history.writing():
            self._registry.put(self._image, layer, table)
        self._history.watch(layer, target.geometry)
        self._fresh |= {layer}

    def opened(self, layer: Labels) -> bool:
        """Whether this run put a layer into the list, or emptied one that the run before it had put there."""
        return layer in self._fresh

    def sweep(self) -> None:
        """Remove the layers of this run that nothing was written to, and no person either."""
        empty = [layer for layer in self._fresh if layer in self._list and not np.any(layer.data)]
        remove_layers(self._list, [layer for layer in empty if not self._history.is_stated(layer)])

    def note(self, sentence: str) -> None:
        """Add a sentence for the user, once."""
        if sentence not in self.run.notes:
            self.run.notes = (*self.run.notes, sentence)

    def write(self, target: Target, what: PlaneWrite, table: ClassTable) -> None:
        """Write one plane of a layer."""
        layer, geometry, plane, after = what.layer, target.geometry, target.plane, what.content
        tag = tag_of(layer)
        assert tag is not None  # only layers of the registry come here
        self._history.watch(layer, geometry)
        before = geometry.plane_of(layer.data, plane)
        known = self._history.baseline(layer, geometry, plane)
        changed = before != after
        old, new = before[changed], after[changed]  # now: ``before`` may be a view of what will change
        if what.by_hand:
            later = known.with_stated(known.stated.unpacked() | what.edits)
        else:
            later = known.after_writing(after, what.edits, class_of(layer))
        baseline = BaselineChange(plane, PackedMask.of(changed), known, later)
        unlisted = layer not in self._list
        created, written, replaced = unlisted or self.opened(layer), layer, None
        if created and not old.size:
            return
        unseen = created or self._is_copy(layer)  # nothing of it is in napari's undo yet
        if not unseen and (old.size > MOST_CHANGES or not _takes_pixels(layer)):
            written, replaced = self._copied(what, target, table, int(old.size)), layer
        change = PlaneChange(written, geometry, baseline, old, new, created, replaced, self.run)
        if unseen:
            before[...] = after
            layer.refresh()
            if unlisted:
                self.open(layer, target, table)
        elif replaced is None and old.size:
            with self._history.writing(baseline, change), layer.block_history():
                layer.data_setitem(geometry.indices(plane, changed), new)
        self._history.set_baseline(written, plane, later)
        known_record = with_provenance(tag.provenance, plane, what.provenance)
        self._registry.update(written, table, run=self.run.number, provenance=known_record)
        if old.size or known.stated.exceeds(later.stated):
            self._steps.append(change)

    def _copied(self, what: PlaneWrite, target: Target, table: ClassTable, count: int) -> Labels:
        """Put a copy with the new content in the place of a layer; the old one stays in the list, hidden."""
        layer = what.layer
        class_id = class_of(layer)
        copy = self._registry.make(
            self._image, target.geometry, table, None if class_id is None else table.get(class_id)
        )
        copy.data[...] = np.asarray(layer.data)
        target.geometry.plane_of(copy.data, target.plane)[...] = what.content
        copy.opacity, copy.contour, copy.visible = layer.opacity, layer.contour, layer.visible
        self._history.inherit(layer, copy)
        name = layer.name
        self._registry.release(layer)
        layer.name = f"{name} (before run {self.run.number})"
        layer.visible = False
        with self._history.writing():
            self._registry.put(self._image, copy, table)
        why = (
            f"{count / 1e6:.0f} million pixels changed, too many for one undo step"
            if _takes_pixels(layer)
            else "its data cannot be changed in place"
        )
        self.note(f"Layer {name!r} was written as a new layer ({why}); the old one is kept, hidden.")
        self._copies[layer] = copy
        return copy


def _takes_pixels(layer: Labels) -> bool:
    """Whether single pixels can be written: numpy and zarr arrays; dask refuses, multiscale cannot be painted."""
    module = type(layer.data).__module__.split(".")[0]
    if isinstance(layer.data, np.ndarray):
        return bool(layer.data.flags.writeable)
    return not layer.multiscale and module == "zarr"
