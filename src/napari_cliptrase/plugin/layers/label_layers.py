"""The label layers of one viewer: writes results and hand edits, and takes them back.

Rules that everything here keeps: data of an existing layer is never assigned (napari would keep an undo history of the
old data); only changed pixels are written, in one undo step a layer; layers are found by their tag, and one that is
gone is made again; a result for an image that has gone or changed is refused.

A result is written in three steps: `write_plan.resolve` decides about layers, once; `plane_merge` decides about pixels;
`write_planes.PlanExecution` does it, a layer at a time.
"""

from collections.abc import Callable, Collection, Generator, Sequence
from typing import Any

import numpy as np
from napari.components import LayerList
from napari.layers import Image, Labels
from numpy.typing import NDArray
from psygnal import Signal

from napari_cliptrase.array_types import Mask
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers.appearance import joined_tables, label_dtype, table_of
from napari_cliptrase.plugin.layers.changes import Run
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.layer_contents import LayerContents
from napari_cliptrase.plugin.layers.layer_registry import LayerRegistry
from napari_cliptrase.plugin.layers.output import PlaneResult
from napari_cliptrase.plugin.layers.plane_merge import join_class_layers
from napari_cliptrase.plugin.layers.quick_removal import remove_layers
from napari_cliptrase.plugin.layers.run_writer import PlaneWrite, RunWriter
from napari_cliptrase.plugin.layers.write_plan import resolve, writable_layers
from napari_cliptrase.plugin.layers.write_planes import PlanExecution
from napari_cliptrase.plugin.layers.written_runs import WrittenRuns
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.tags import class_of, plugin_layers
from napari_cliptrase.progress import Progress, map_progress, run_to_end


class LabelLayers:
    """All label layers that belong to the images of one viewer.

    Signals: ``written(run)`` after a run or hand edit, ``undone(run)`` after undo, ``content_changed(layer)``
    whenever the labels of one of our layers may have changed for any reason (brush, undo, run, deletion),
    ``rows_changed(layer, plane, rows)`` where it is known which rows of which plane changed, or what was stated there.
    """

    written = Signal(object)
    undone = Signal(object)
    content_changed = Signal(object)
    rows_changed = Signal(object, object, object)

    def __init__(self, viewer_layers: LayerList, version_of: Callable[[Image], int]) -> None:
        self._list = viewer_layers
        self.registry = LayerRegistry(viewer_layers)
        self.history = History(self.content_changed.emit, self.rows_changed.emit)
        self.contents = LayerContents(viewer_layers, version_of, self.registry, self.history)
        self._runs = WrittenRuns(viewer_layers, self.registry, self.history)
        self._count = 0
        self._classes = ClassTable()
        viewer_layers.events.removed.connect(self._on_removed)

    # -- reading ------------------------------------------------------------------------------------------------------

    def class_layers(self, image: Image) -> dict[int, Labels]:
        """Layers of an image by class id, from the bottom of the list to its top."""
        return self.registry.class_layers(image)

    def combined_layer(self, image: Image) -> Labels | None:
        """Return the layer that holds all classes of an image, if there is one."""
        return self.registry.combined_layer(image)

    def label_layers(self, image: Image) -> list[Labels]:
        """Class layers of an image, bottom first, and the combined one."""
        return self.contents.label_layers(image)

    def table(self, image: Image) -> ClassTable:
        """Classes that were asked for last, then those that only label layers of an image have."""
        return joined_tables(self._classes, self.registry.table(image))

    def ids_in_use(self) -> frozenset[int]:
        """Ids of all classes of our layers; a new class must not take one of them."""
        return frozenset(entry.id for layer in self._ours() for entry in table_of(layer) or ())

    def image(self, target: Target) -> Image:
        """Return the image of a target; raises an error with a sentence when it was removed or changed."""
        return self.contents.image(target)

    def combined(self, target: Target) -> tuple[NDArray[np.integer], int]:
        """(h, w) labels of the target's box as all label layers say now, and how many pixels several classes claim.

        Where class layers overlap, hand edits win, then the higher layer. Without class layers the combined one counts.
        """
        image = self.image(target)
        fitting = self.contents.fitting_layers(image, target)
        layers = [layer for layer in fitting if class_of(layer) is not None] or fitting
        labels, twice = join_class_layers(
            self.contents.of(layers, target), target.geometry.plane_shape, label_dtype(self.table(image))
        )
        return labels[target.box], twice

    def edited(self, target: Target) -> Mask:
        """(h, w) pixels of the target's box that a person stated in any label layer."""
        return self.contents.edited(target)

    def areas(self, target: Target) -> dict[int, float]:
        """Share of the target's box that each class holds in the label layers as they are now; 0 is the rest."""
        return self.contents.areas(target)

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
        """Write a result by the merge rule, at once (see `write_planes`)."""
        return run_to_end(self.write_planes([result], output=output, mode=mode, locked=locked, instead_of=instead_of))

    def write_planes(
        self,
        results: Sequence[PlaneResult],
        *,
        output: Output = Output.CLASSES,
        mode: MergeMode = MergeMode.KEEP_EDITS,
        locked: Collection[int] = (),
        instead_of: Run | None = None,
        linked: bool = False,
    ) -> Generator[Progress, None, Run]:
        """Write results for planes of one image as one run; layers are made for classes that have none.

        Yields after each layer that is made or written. When the generator is closed before its end, or the image
        changes or goes, all that was written is taken back.

        ``instead_of`` is an earlier run that this one takes the place of, wherever nothing was painted since: moving a
        slider back and forth leaves one undo step, not fifty. Closing does not restore it. With ``linked``, Ctrl+Z in
        one of the layers takes the whole run back.
        """
        image = self.image(results[0].target)
        fresh: frozenset[Labels] = frozenset()
        if instead_of is not None:
            beginning = Progress(0, len(results), "writing the layers")
            fresh = yield from map_progress(self._runs.withdraw(instead_of, locked), lambda _layer: beginning)
        writer = self.writer(image, results[0].title, fresh, linked=linked)
        self._runs.begin(writer.run)
        try:
            plan = resolve(self.registry, self.contents, results, output, mode, locked)
            yield from PlanExecution(self._list, self.contents, self.history, plan, writer).steps()
        except BaseException:
            self._runs.undo(writer.run)
            writer.sweep()
            raise
        writer.sweep()
        return self.keep(writer.run)

    def assign(self, target: Target, mask: Mask, class_id: int, *, locked: Collection[int] = ()) -> Run | None:
        """Give the pixels of ``mask`` (h, w of the target's box) to a class, as a hand edit; 0 clears them.

        Other classes lose these pixels, those of locked classes excepted, which stay as they are. Ctrl+Z in any of the
        layers takes it all back. None when nothing had to change; the pixels count as stated all the same.
        """
        image = self.image(target)
        table = self.table(image)
        if class_id in locked:
            raise CliptraseError(f"Class {_name_in(table, class_id)!r} is locked; unlock it in the class table first.")
        result = PlaneResult(target, np.zeros(target.shape, np.uint8), table)
        layers = writable_layers(self.registry, self.contents, result)
        contents = self.contents.of(layers, target)
        given = np.zeros(target.geometry.plane_shape, bool)
        given[target.box] = mask
        for content in contents:
            if content.class_id in locked:
                given &= content.labels == 0
            elif content.class_id is None and locked:
                given &= ~np.isin(content.labels, list(locked))
        if not given.any():
            return None
        if class_id and not any(class_of(layer) in (class_id, None) for layer in layers):
            new = self._new_layer(image, target, table, class_id)
            layers, contents = [*layers, new], [*contents, *self.contents.of([new], target)]
        writer = self.writer(image, "Give region", linked=True, by_hand=True)
        for layer, content in zip(layers, contents, strict=True):
            if content.class_id in locked:
                continue
            takes = content.class_id in (class_id, None)
            after = content.labels.copy()
            after[given] = class_id if takes else 0
            stated = given if takes or not class_id else content.labels != after
            if stated.any():
                writer.write(target, PlaneWrite(layer, after, stated, by_hand=True), table)
        rows = np.flatnonzero(given.any(1))
        for layer in layers:  # also where the pixels were of the class already, and are stated now
            if class_of(layer) in (class_id, None):
                self.rows_changed.emit(layer, target.plane, slice(int(rows[0]), int(rows[-1]) + 1))
        return self.keep(writer.run) if writer.run.steps else None

    def apply_classes(self, table: ClassTable) -> None:
        """Bring names and colours of all label layers in line with the classes that are asked for."""
        self._classes = table
        for layer in self._ours():
            own = table_of(layer) or ClassTable()
            self.registry.update(layer, joined_tables(table, own))

    def drop_class(self, class_id: int) -> tuple[str, ...]:
        """Remove the layers of a class that was deleted; layers with hand edits stay, and their names are returned."""
        layers = [layer for layer in self._ours() if class_of(layer) == class_id]
        untouched = [layer for layer in layers if self.history.untouched(layer)]
        remove_layers(self._list, untouched)
        return tuple(layer.name for layer in layers if layer not in untouched)

    # -- taking back --------------------------------------------------------------------------------------------------

    @property
    def writing(self) -> bool:
        """Whether a run is being written, so that the layers hold a part of it only."""
        return self._runs.writing

    def give_up_writing(self, image: Image) -> None:
        """Take back the run that is being written into the layers of an image, because it is being left."""
        run = self._runs.unfinished
        if run is not None and any(step.layer in self.label_layers(image) for step in run.steps):
            self._runs.undo(run)

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that can be taken back, and the last hand edits of tools; the latest at the end."""
        return self._runs.all

    @property
    def last_run(self) -> Run | None:
        """The run that `undo_last_run` would take back."""
        return self._runs.last

    def undo_last_run(self, locked: Collection[int] = ()) -> Run | None:
        """Undo the last run in all its layers.

        What a person stated since then stays, and so do locked classes. Layers that the run made go, unless a person
        stated anything in them.
        """
        run = self.last_run
        return None if run is None else self.undo(run, locked)

    def undo(self, run: Run, locked: Collection[int] = ()) -> Run:
        """Undo a run, as `undo_last_run` does it with the last."""
        if self._runs.undo(run, locked):
            run.notes = ("Locked classes were left as they are.",)
        else:
            run.notes = ()
        self.undone.emit(run)
        return run

    # -- parts --------------------------------------------------------------------------------------------------------

    def writer(
        self,
        image: Image,
        title: str,
        fresh: frozenset[Labels] = frozenset(),
        *,
        linked: bool = False,
        by_hand: bool = False,
    ) -> RunWriter:
        """Begin to write the next run."""
        self._count += 1
        run = Run(self._count, title, (), linked=linked, by_hand=by_hand)
        return RunWriter(self._list, self.registry, self.history, image, run, fresh)

    def keep(self, run: Run) -> Run:
        """Keep a run that was written, so that it can be undone, and announce it."""
        self._runs.keep(run)
        self.written.emit(run)
        return run

    def _ours(self) -> tuple[Labels, ...]:
        return tuple(layer for layer in plugin_layers(self._list) if isinstance(layer, Labels))

    def _new_layer(self, image: Image, target: Target, table: ClassTable, class_id: int) -> Labels:
        table = table.with_missing([class_id])
        layer = self.registry.make(image, target.geometry, table, table.get(class_id))
        self.registry.put(image, layer, table)
        return layer

    def _on_removed(self, event: Any) -> None:
        if isinstance(event.value, Labels) and self.history.geometry(event.value) is not None:
            self._runs.layer_removed(event.value)
            self.history.forget(event.value)
            self.content_changed.emit(event.value)


def _name_in(table: ClassTable, class_id: int) -> str:
    entry = table.get(class_id)
    return entry.name if entry is not None else str(class_id)
