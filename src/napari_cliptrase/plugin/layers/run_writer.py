"""Writing one run into layers, remembering how to take it back."""

from typing import Any, Self

import numpy as np
from napari.components import LayerList
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.layers.changes import PlaneChange, Run
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.layer_registry import LayerRegistry
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.tags import tag_of, with_provenance

Mask = NDArray[np.bool_]
Plane = NDArray[np.integer]

MOST_CHANGES = 8_000_000
"""Changed pixels beyond which a layer is copied instead: napari's undo would keep 17 bytes for each of them."""


class RunWriter:
    """Writes the planes of one run, which has a number; ``steps`` and ``notes`` are what it did."""

    def __init__(
        self,
        viewer_layers: LayerList,
        shelf: LayerRegistry,
        history: History,
        image: Image,
        target: Target,
        number: int,
        fresh: frozenset[Labels] = frozenset(),
    ) -> None:
        self.steps: list[PlaneChange] = []
        self.notes: list[str] = []
        self._list = viewer_layers
        self._shelf = shelf
        self._history = history
        self._image = image
        self._target = target
        self.number = number
        self._fresh = fresh

    def at(self, target: Target) -> Self:
        """Go to another plane of the same layers."""
        self._target = target
        return self

    def open(self, layer: Labels, image: Image, table: ClassTable) -> None:
        """Put a new, empty layer into the list, which this run will fill."""
        with self._history:
            self._shelf.put(image, layer, table)
        self._fresh |= {layer}

    def sweep(self) -> None:
        """Remove the layers of this run that nothing was written to."""
        for layer in self._fresh:
            if layer in self._list and not np.any(layer.data):
                self._list.remove(layer)

    def run(self, title: str, *, linked: bool = False) -> Run:
        """Everything that was written, as one run."""
        return Run(self.number, title, tuple(self.steps), tuple(self.notes), linked)

    def put(
        self,
        layer: Labels,
        before: Plane,
        after: Plane,
        table: ClassTable,
        *,
        edited: Mask | None,
        provenance: dict[str, Any],
    ) -> None:
        """Bring one plane (H, W) of a layer from ``before`` to ``after``.

        ``edited`` are its hand edits, to be remembered; None says that this is a hand edit itself.
        """
        tag = tag_of(layer)
        assert tag is not None  # only layers from the shelf come here
        listed = layer in self._list
        new = not listed or layer in self._fresh
        changed = before != after
        flat = np.flatnonzero(changed)
        rows, columns = np.divmod(flat, changed.shape[1])
        old_values = before[rows, columns]  # now: ``before`` may be a view of what is about to change
        new_values = after[rows, columns]
        count = int(flat.size)
        if new and not count:
            if listed and not np.any(layer.data):
                self._list.remove(layer)
            return
        memory_before = self._history.memory(layer, self._target.plane)
        memory_after = memory_before
        if edited is not None:
            memory_after = Baseline.after_writing(after, edited, tag.class_id)
        written = layer
        with self._history:
            if new:
                self._fill(layer, after)
                if listed:
                    layer.refresh()
                else:
                    self._shelf.put(self._image, layer, table)
                    self._fresh |= {layer}
            elif count > MOST_CHANGES or not _takes_pixels(layer):
                written = self._copied(layer, after, table, count)
            elif count:
                indices = self._target.frame.indices(self._target.plane, rows, columns)
                with layer.block_history():
                    layer.data_setitem(indices, new_values)
        self._history.watch(written, self._target.frame)
        self._history.remember(written, self._target.plane, memory_after)
        known = with_provenance(tag.provenance, self._target.plane, provenance)
        self._shelf.update(written, table, run=self.number, provenance=known)
        if count:
            self.steps.append(
                PlaneChange(
                    written,
                    self._target.frame,
                    self._target.plane,
                    PackedMask.of(changed),
                    old_values,
                    new_values,
                    flat,
                    memory_before,
                    memory_after,
                    created=new,
                    replaced=None if written is layer else layer,
                )
            )

    def _fill(self, layer: Labels, after: Plane) -> None:
        self._target.frame.plane_of(layer.data, self._target.plane)[...] = after

    def _copied(self, layer: Labels, after: Plane, table: ClassTable, count: int) -> Labels:
        """Put a copy with the new content in the place of a layer; the old one stays in the list, hidden."""
        tag = tag_of(layer)
        assert tag is not None
        entry = table.get(tag.class_id) if tag.class_id is not None else None
        copy = self._shelf.make(self._image, self._target.frame, table, entry)
        copy.data[...] = np.asarray(layer.data)
        self._fill(copy, after)
        copy.opacity, copy.contour, copy.visible = layer.opacity, layer.contour, layer.visible
        self._history.inherit(layer, copy)
        name = layer.name
        self._shelf.let_go(layer)
        layer.name = f"{name} (before run {self.number})"
        layer.visible = False
        self._shelf.put(self._image, copy, table)
        why = (
            f"{count / 1e6:.0f} million pixels changed, too many for one undo step"
            if _takes_pixels(layer)
            else "its data cannot be changed in place"
        )
        self.notes.append(f"Layer {name!r} was written as a new layer ({why}); the old one is kept, hidden.")
        return copy


def _takes_pixels(layer: Labels) -> bool:
    """Whether single pixels can be written: numpy and zarr arrays; dask refuses, multiscale cannot be painted."""
    module = type(layer.data).__module__.split(".")[0]
    if isinstance(layer.data, np.ndarray):
        return bool(layer.data.flags.writeable)
    return not layer.multiscale and module == "zarr"
