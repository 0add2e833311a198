"""The book of the label layers: writes results and hand edits, and takes them back.

Rules that everything here keeps: data of an existing layer is never assigned (napari would keep an undo history of the
old data); only changed pixels are written, in one undo step a layer; layers are found by their tag, and one that is
gone is made again; a result for an image that has gone or changed is refused.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import numpy as np
from napari.components import LayerList
from napari.layers import Image, Labels
from numpy.typing import NDArray
from psygnal import Signal

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers.appearance import dtype_for, joined_tables, table_of
from napari_cliptrase.plugin.layers.baseline import edits_of
from napari_cliptrase.plugin.layers.changes import Run
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.layer_registry import LayerRegistry
from napari_cliptrase.plugin.layers.output import PlaneResult
from napari_cliptrase.plugin.layers.run_writer import RunWriter
from napari_cliptrase.plugin.layers.write_plan import Content, add_constraint, constraints_of, flatten, merged_content
from napari_cliptrase.plugin.layers.written_runs import WrittenRuns
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.tags import class_of, ours
from napari_cliptrase.progress import run_to_end

Mask = NDArray[np.bool_]


class LabelLayers:
    """All label layers that belong to the images of one viewer.

    Signals: ``written(run)`` after a run or hand edit, ``taken_back(run)`` after undo, ``content_changed(layer)``
    whenever the labels of one of our layers may have changed for any reason (brush, undo, run).
    """

    written = Signal(object)
    taken_back = Signal(object)
    content_changed = Signal(object)

    def __init__(self, viewer_layers: LayerList, version_of: Callable[[Image], int]) -> None:
        self._list = viewer_layers
        self._version_of = version_of
        self.shelf = LayerRegistry(viewer_layers)
        self.history = History(self.content_changed.emit)
        self.runs = WrittenRuns(viewer_layers, self.shelf, self.history, self.content_changed.emit)
        self._count = 0
        self._classes = ClassTable()
        viewer_layers.events.removed.connect(self._on_removed)

    # -- reading ------------------------------------------------------------------------------------------------------

    def class_layers(self, image: Image) -> dict[int, Labels]:
        """Layers of an image by class id, from the bottom of the list to its top."""
        return self.shelf.class_layers(image)

    def combined_layer(self, image: Image) -> Labels | None:
        """Return the layer that holds all classes of an image, if there is one."""
        return self.shelf.combined_layer(image)

    def table(self, image: Image) -> ClassTable:
        """Classes that were asked for last, then those that only label layers of an image have."""
        return joined_tables(self._classes, self.shelf.table(image))

    def ids_in_use(self) -> frozenset[int]:
        """Ids of all classes of our layers; a new class must not take one of them."""
        return frozenset(entry.id for layer in self._ours() for entry in table_of(layer) or ())

    def image(self, target: Target) -> Image:
        """Return the image of a target; raises a sentence when it has gone or changed since."""
        for layer in self._list:
            if isinstance(layer, Image) and layer.unique_id == target.image_id:
                if self._version_of(layer) != target.version:
                    raise CliptraseError(
                        f"Image {layer.name!r} has changed meanwhile; the result was dropped. Run again."
                    )
                return layer
        raise CliptraseError(f"Image {target.image_name!r} was removed meanwhile; the result was dropped.")

    def combined(self, target: Target) -> tuple[NDArray[np.integer], int]:
        """(h, w) labels of the target's box as all label layers say now, and how many pixels several classes claim.

        Where class layers overlap, hand edits win, then the higher layer. Without class layers the combined one counts.
        """
        image = self.image(target)
        layers = list(self.class_layers(image).values()) or [
            layer for layer in (self.combined_layer(image),) if layer is not None
        ]
        contents = self.contents([layer for layer in layers if target.frame.fits(layer)], target)
        labels, twice = flatten(contents, target.frame.plane_shape, dtype_for(self.table(image)))
        return labels[target.box], twice

    def edited(self, target: Target) -> Mask:
        """(h, w) pixels of the target's box that were changed by hand in any label layer."""
        edited = np.zeros(target.frame.plane_shape, bool)
        for content in self.contents(self.label_layers(self.image(target)), target):
            edited |= content.edits
        return edited[target.box]

    def areas(self, target: Target) -> dict[int, float]:
        """Share of the target's box that each class holds in the label layers as they are now; 0 is the rest."""
        image = self.image(target)
        pixels = target.shape[0] * target.shape[1]
        counts: dict[int, int] = {}
        for class_id, layer in self.class_layers(image).items():
            if target.frame.fits(layer):
                counts[class_id] = int(np.count_nonzero(target.frame.plane_of(layer.data, target.plane)[target.box]))
        combined = self.combined_layer(image)
        if not counts and combined is not None and target.frame.fits(combined):
            found = np.bincount(target.frame.plane_of(combined.data, target.plane)[target.box].ravel())
            counts = {class_id: int(found[class_id]) for class_id in (np.flatnonzero(found[1:]) + 1).tolist()}
        counts[0] = max(0, pixels - sum(counts.values()))
        return {class_id: count / pixels for class_id, count in counts.items()}

    # -- writing ------------------------------------------------------------------------------------------------------

    def write(
        self,
        result: PlaneResult,
        *,
        output: Output = Output.CLASSES,
        mode: MergeMode = MergeMode.KEEP_EDITS,
        locked: Collection[int] = (),
        instead_of: Run | None = None,
    ) -> Run:
        """Write a result by the merge rule; layers are made for the classes that have pixels and no layer yet.

        ``instead_of`` is an earlier run that this one takes the place of, wherever nothing was painted since: moving a
        slider to and fro shall leave one undo step, not fifty.
        """
        image = self.image(result.target)
        fresh: frozenset[Labels] = frozenset()
        if instead_of is not None:
            fresh = run_to_end(self.runs.withdraw(instead_of))
        pen = self.pen(image, result.target, fresh)
        for _ in self.put(pen, result, output=output, mode=mode, locked=locked):
            pass
        return self.keep(pen.run(result.title))

    def put(
        self, pen: RunWriter, result: PlaneResult, *, output: Output, mode: MergeMode, locked: Collection[int]
    ) -> Iterator[Labels]:
        """Write a result with a pen, as a part of its run (see `write`), one layer at each step.

        What is painted into a layer before its turn comes stays.
        """
        target = result.target
        if result.labels.shape != target.shape:
            raise ValueError(f"labels of shape {result.labels.shape} for a target of shape {target.shape}")
        image = self.image(target)
        self.shelf.adopt(image, target.frame)
        table = joined_tables(result.table, self.shelf.table(image))
        existing = self._writable_layers(image, target)
        contents = self.contents(existing, target)
        proposed, where = result.on_plane()
        ground = constraints_of(contents, proposed, where, mode, locked)
        planned = [
            *zip(existing, contents, strict=True),
            *((layer, _nothing(layer, target)) for layer in self._missing_layers(image, result, output, table)),
        ]
        pen.at(target)
        for layer, content in planned:
            if output is (Output.CLASSES if content.class_id is None else Output.COMBINED):
                continue
            if layer in existing:
                self.image(target)  # may have changed since the last step
                if layer not in self._list:
                    continue
                (content,) = self.contents([layer], target)
                add_constraint(ground, content, mode, locked)
            after = merged_content(content, proposed, ground, mode, locked)
            edited = content.edits & ground.closed if mode is MergeMode.REPLACE else content.edits
            pen.put(layer, content.labels, after, table, edited=edited, provenance=result.provenance)
            yield layer

    def make_layers(self, pen: RunWriter, result: PlaneResult, output: Output) -> Iterator[Labels]:
        """Put the layers that a result needs into the list, empty, one at each step: napari takes its time for each.

        Those that a run then leaves empty go with `RunWriter.sweep`.
        """
        image = self.image(result.target)
        self.shelf.adopt(image, result.target.frame)
        self._writable_layers(image, result.target)
        table = joined_tables(result.table, self.shelf.table(image))
        for layer in self._missing_layers(image, result, output, table):
            image = self.image(result.target)
            pen.open(layer, image, table)
            yield layer

    def give(self, target: Target, mask: Mask, class_id: int, *, locked: Collection[int] = ()) -> Run | None:
        """Give the pixels of ``mask`` (h, w of the target's box) to a class, as a hand edit; 0 clears them.

        Other classes lose these pixels, those of locked classes excepted, which stay as they are. Ctrl+Z in any of the
        layers takes it all back. None when nothing had to change.
        """
        image = self.image(target)
        table = self.table(image)
        if class_id in locked:
            raise CliptraseError(f"Class {_name_in(table, class_id)!r} is locked; unlock it in the class table first.")
        layers = self._writable_layers(image, target)
        if class_id and not any(class_of(layer) in (class_id, None) for layer in layers):
            layers = [*layers, self._new_layer(image, target, table, class_id)]
        contents = self.contents(layers, target)
        given = np.zeros(target.frame.plane_shape, bool)
        given[target.box] = mask
        for content in contents:
            if content.class_id in locked:
                given &= content.labels == 0
            elif content.class_id is None and locked:
                given &= ~np.isin(content.labels, list(locked))
        pen = self.pen(image, target)
        for layer, content in zip(layers, contents, strict=True):
            if content.class_id in locked:
                continue
            after = content.labels.copy()
            after[given] = class_id if content.class_id in (class_id, None) else 0
            pen.put(layer, content.labels, after, table, edited=None, provenance={})
            if content.class_id in (class_id, None):
                self.history.confirm(layer, target.plane, given)
        if not pen.steps:
            return None
        return self.keep(pen.run("Give region", linked=True))

    def dress(self, table: ClassTable) -> None:
        """Bring names and colours of all label layers in line with the classes that are asked for."""
        self._classes = table
        for layer in self._ours():
            own = table_of(layer) or ClassTable()
            self.shelf.update(layer, joined_tables(table, own))

    def drop_class(self, class_id: int) -> tuple[str, ...]:
        """Remove the layers of a class that was deleted; layers with hand edits stay, and their names are returned."""
        kept = []
        for layer in self._ours():
            if class_of(layer) != class_id:
                continue
            if self.history.untouched(layer):
                self._list.remove(layer)
            else:
                kept.append(layer.name)
        return tuple(kept)

    # -- taking back --------------------------------------------------------------------------------------------------

    @property
    def last_run(self) -> Run | None:
        """The run that `undo_last_run` would take back."""
        return self.runs.last

    def undo_last_run(self) -> Run | None:
        """Take the last run back in all its layers.

        Pixels changed by hand since then stay. Layers that the run made go, unless there are such pixels in them.
        """
        run = self.last_run
        if run is None:
            return None
        self.runs.take_back(run)
        self.taken_back.emit(run)
        return run

    # -- parts --------------------------------------------------------------------------------------------------------

    def _ours(self) -> tuple[Labels, ...]:
        return tuple(layer for layer in ours(self._list) if isinstance(layer, Labels))

    def label_layers(self, image: Image) -> list[Labels]:
        """Class layers of an image, bottom first, and the combined one."""
        combined = self.combined_layer(image)
        return [*self.class_layers(image).values(), *((combined,) if combined is not None else ())]

    def _writable_layers(self, image: Image, target: Target) -> list[Labels]:
        """Layers of the target's shape; others of this image are let go, since nothing can be written to them."""
        fitting = []
        for layer in self.label_layers(image):
            if target.frame.fits(layer):
                fitting.append(layer)
            else:
                self.shelf.let_go(layer)
        return fitting

    def _missing_layers(self, image: Image, result: PlaneResult, output: Output, table: ClassTable) -> list[Labels]:
        """New layers, not in the list yet, for classes that have pixels but no layer; the last class first."""
        layers = []
        if output is not Output.CLASSES and self.combined_layer(image) is None:
            layers.append(self.shelf.make(image, result.target.frame, table, None))
        if output is not Output.COMBINED:
            present = set(np.unique(result.labels).tolist()) - set(self.class_layers(image))
            for entry in reversed(table.classes):
                if entry.id in present:
                    layers.append(self.shelf.make(image, result.target.frame, table, entry))
        return layers

    def _new_layer(self, image: Image, target: Target, table: ClassTable, class_id: int) -> Labels:
        table = table.with_missing([class_id])
        layer = self.shelf.make(image, target.frame, table, table.get(class_id))
        self.shelf.put(image, layer, table)
        return layer

    def contents(self, layers: Sequence[Labels], target: Target) -> list[Content]:
        """Labels and hand edits of the target's plane in each layer."""
        contents = []
        for layer in layers:
            labels = target.frame.plane_of(layer.data, target.plane)
            class_id = class_of(layer)
            edits = edits_of(self.history.memory(layer, target.plane), labels, class_id)
            contents.append(Content(labels, edits, class_id))
        return contents

    def pen(self, image: Image, target: Target, fresh: frozenset[Labels] = frozenset()) -> RunWriter:
        """Begin to write: the next run's pen."""
        self._count += 1
        return RunWriter(self._list, self.shelf, self.history, image, target, self._count, fresh)

    def keep(self, run: Run) -> Run:
        """Keep a run that was written, so that it can be taken back, and tell everybody."""
        self.runs.keep(run)
        self.written.emit(run)
        return run

    def _on_removed(self, event: Any) -> None:
        if isinstance(event.value, Labels):
            self.history.forget(event.value)


def _nothing(layer: Labels, target: Target) -> Content:
    shape = target.frame.plane_shape
    return Content(np.zeros(shape, layer.data.dtype), np.zeros(shape, bool), class_of(layer))


def _name_in(table: ClassTable, class_id: int) -> str:
    entry = table.get(class_id)
    return entry.name if entry is not None else str(class_id)
