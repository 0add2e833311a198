"""Follows the content of the plugin's layers: what was written, what undo restored, what a person stated.

It follows every stroke, undo and redo in the layers of the plugin, keeps a `LayerHistory` of each, and knows what is
a hand edit. `changes.CHANGE_TRANSITIONS` lists what happens to a change that was written.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from napari.layers import Labels

from napari_cliptrase.array_types import Mask, PlaneIndex
from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.layers.changes import BaselineChange, ChangeEvent, PlaneChange, Run
from napari_cliptrase.plugin.layers.layer_history import LayerHistory, UndoStep
from napari_cliptrase.plugin.layers.strokes import StrokeBox, Strokes
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.plugin.state.tags import class_of


class History:
    """Baselines of planes, and the counterparts of napari's undo steps, for the layers of the plugin."""

    def __init__(
        self,
        changed: Callable[[Labels], object],
        rows_changed: Callable[[Labels, PlaneIndex, slice], object] = lambda _layer, _plane, _rows: None,
    ) -> None:
        self._changed = changed
        self._rows_changed = rows_changed
        self._layers: dict[Any, LayerHistory] = {}
        self._strokes = Strokes(self)
        self._writing: UndoStep | None = None
        self.statements = 0
        """Counts what people did to the layers; a value that grew says that something happened."""

    # -- what is known ------------------------------------------------------------------------------------------------

    def watch(self, layer: Labels, geometry: LayerGeometry) -> None:
        """Follow a layer from now on."""
        known = self._layers.get(layer.unique_id)
        if known is not None:
            known.geometry = geometry
            return
        self._layers[layer.unique_id] = known = LayerHistory(geometry)
        known.done.extend(UndoStep() for _ in getattr(layer, "_undo_history", ()))
        self._strokes.watch(layer)
        layer.events.set_data.connect(self._on_data)
        layer.events.data.connect(self._on_data)

    def forget(self, layer: Labels) -> None:
        """Drop all that is known of a layer that left the list."""
        known = self._layers.pop(layer.unique_id, None)
        if known is None:
            return
        self._strokes.release(layer)
        layer.events.set_data.disconnect(self._on_data)
        layer.events.data.disconnect(self._on_data)

    def geometry(self, layer: Labels) -> LayerGeometry | None:
        """Geometry of a layer that is followed."""
        known = self._layers.get(layer.unique_id)
        return None if known is None else known.geometry

    def baseline(self, layer: Labels, geometry: LayerGeometry, plane: PlaneIndex) -> Baseline:
        """Return what is known of a plane; where nothing was written, all labels that are there are a person's."""
        known = self._layers.get(layer.unique_id)
        if known is not None:
            known.take_in()
            if plane in known.baselines:
                return known.baselines[plane]
        return Baseline.of_unknown(geometry.plane_of(layer.data, plane), class_of(layer))

    def set_baseline(self, layer: Labels, plane: PlaneIndex, baseline: Baseline) -> None:
        """Set what is known of a plane of a layer that is followed."""
        self._layers[layer.unique_id].baselines[plane] = baseline

    def edits(self, layer: Labels, geometry: LayerGeometry, plane: PlaneIndex) -> Mask:
        """(H, W) hand edits of a plane."""
        return self.baseline(layer, geometry, plane).edits(geometry.plane_of(layer.data, plane), class_of(layer))

    def edits_in(self, layer: Labels, geometry: LayerGeometry, plane: PlaneIndex, rows: slice) -> Mask:
        """Return some rows of the hand edits of a plane, (rows, W)."""
        content = geometry.plane_of(layer.data, plane)[rows]
        return self.baseline(layer, geometry, plane).edits_in(rows, content, class_of(layer))

    def inherit(self, old: Labels, new: Labels) -> None:
        """Copy what is known of a layer to its copy."""
        known = self._layers.get(old.unique_id)
        if known is not None:
            known.take_in()
            self.watch(new, known.geometry)
            self._layers[new.unique_id].baselines = dict(known.baselines)

    def state(self, layer: Labels, plane: PlaneIndex, where: Mask) -> None:
        """Count pixels (H, W) as stated although nothing had to change for that."""
        known = self._layers[layer.unique_id]
        baseline = self.baseline(layer, known.geometry, plane)
        known.baselines[plane] = baseline.with_stated(baseline.stated.unpacked() | where)
        self.statements += 1

    def untouched(self, layer: Labels) -> bool:
        """Whether a layer holds nothing but what results wrote: no hand edit in any plane, not even an erasure."""
        known = self._layers.get(layer.unique_id)
        rest = int(np.count_nonzero(layer.data))
        if known is None:
            return rest == 0
        known.take_in()
        for plane, baseline in known.baselines.items():
            content = known.geometry.plane_of(layer.data, plane)
            if baseline.edits(content, class_of(layer)).any():
                return False
            rest -= int(np.count_nonzero(content))
        return rest == 0

    def is_stated(self, layer: Labels, since: Mapping[PlaneIndex, Baseline] | None = None) -> bool:
        """Whether a person stated any pixel of a layer, including that it belongs to no class.

        ``since`` are planes with what was stated in them before, which does not count.
        """
        known = self._layers.get(layer.unique_id)
        if known is None:
            return False
        known.take_in()
        earlier = since or {}
        return any(
            not baseline.stated.same_as(earlier[plane].stated) if plane in earlier else baseline.stated.any()
            for plane, baseline in known.baselines.items()
        )

    def pristine(self, change: PlaneChange) -> bool:
        """Whether nothing happened to a layer that was made for a change, in any of its planes."""
        known = self._layers.get(change.layer.unique_id)
        return known is not None and not known.done and not known.undone and not self.is_stated(change.layer)

    def is_last(self, change: PlaneChange) -> bool:
        """Whether Ctrl+Z would undo a change, and nothing was stated in its plane since it was written."""
        known = self._layers.get(change.layer.unique_id)
        if known is None or not known.done or known.done[-1].change is not change or known.done[-1].stated:
            return False
        now = self.baseline(change.layer, change.geometry, change.plane)
        return now.stated.same_as(change.baseline.after.stated)

    @contextmanager
    def writing(self, baseline: BaselineChange | None = None, change: PlaneChange | None = None) -> Iterator[None]:
        """While the plugin writes, strokes are not a person's: napari's next undo step is this change."""
        before, self._writing = self._writing, UndoStep((), baseline, change)
        try:
            yield
        finally:
            self._writing = before

    # -- strokes ------------------------------------------------------------------------------------------------------

    def touching(self, layer: Labels, box: StrokeBox) -> None:
        """Remember what a plane holds before a stroke, where nothing was known of it."""
        known = self._layers.get(layer.unique_id)
        if self._writing is not None or known is None or not known.geometry.fits(layer):
            return
        for plane in known.planes_in(box):
            if plane not in known.baselines:
                content = known.geometry.plane_of(layer.data, plane)
                known.baselines[plane] = Baseline.of_unknown(content, class_of(layer))

    def touched(self, layer: Labels, box: StrokeBox, mask: Mask) -> None:
        """Take up what a stroke stated: ``mask`` in the shape of the box."""
        known = self._layers.get(layer.unique_id)
        if self._writing is None and known is not None and known.geometry.fits(layer):
            known.touch(box, mask)

    def committed(self, layer: Labels) -> None:
        """Put the counterpart of a new undo step on the stack."""
        step = self._layers[layer.unique_id].commit(self._writing or UndoStep())
        if self._writing is None:
            self.statements += 1
        self._report_rows(layer, step)
        self._changed(layer)

    def ended(self, layer: Labels) -> None:
        """Close a stroke that changed nothing."""
        stated = self._layers[layer.unique_id].end()
        if stated:
            self.statements += 1
            self._report_rows(layer, UndoStep(stated))

    def aborted(self, layer: Labels) -> None:
        """Drop what an aborted stroke stated."""
        self._layers[layer.unique_id].abort()

    # -- undo and redo ------------------------------------------------------------------------------------------------

    def undone(self, layer: Labels) -> None:
        """Restore what was known of the pixels whose old values Ctrl+Z restored."""
        step = self._layers[layer.unique_id].undo()
        if step is not None:
            self._report(layer, step, ChangeEvent.UNDO)

    def redone(self, layer: Labels) -> None:
        """Restore what was known of the pixels whose new values redo restored."""
        step = self._layers[layer.unique_id].redo()
        if step is not None:
            self._report(layer, step, ChangeEvent.REDO)

    def steps_lost(self, layer: Labels) -> None:
        """Follow napari, which forgets all undo steps of a layer that can no longer be edited."""
        self._layers[layer.unique_id].lose_steps()

    def _report_rows(self, layer: Labels, step: UndoStep) -> None:
        """Say in which rows a step changed pixels or what is known of them."""
        for touch in step.stated:
            self._rows_changed(layer, touch.plane, touch.part[0])
        rows = step.baseline.changed.span() if step.baseline is not None else None
        if step.baseline is not None and rows is not None:
            self._rows_changed(layer, step.baseline.plane, rows)

    def _report(self, layer: Labels, step: UndoStep, event: ChangeEvent) -> None:
        if self._writing is None:
            self.statements += 1
        self._report_rows(layer, step)
        self._changed(layer)
        change = step.change
        if change is None:
            return
        change.advance(event)
        if self._writing is None and change.run is not None and change.run.linked:
            self._follow(change.run, event)

    def _follow(self, run: Run, event: ChangeEvent) -> None:
        """Do in the other layers of a hand edit what Ctrl+Z (or redo) did in the first."""
        for other in run.steps:
            known = self._layers.get(other.layer.unique_id)
            if known is None or other.is_written is (event is ChangeEvent.REDO):
                continue
            stack = known.done if event is ChangeEvent.UNDO else known.undone
            if stack and stack[-1].change is other:
                with self.writing():
                    (other.layer.undo if event is ChangeEvent.UNDO else other.layer.redo)()
            elif other.is_written:
                other.advance(ChangeEvent.RUN_UNDONE)
                self.paint_back(other)

    def paint_back(self, change: PlaneChange, keep: Mask | None = None) -> None:
        """Paint the old values over a change, where they are still what was written, as one undo step.

        Where that layer was painted since, its own undo would take back the stroke. ``keep`` (H, W) stays as it is.
        """
        layer, now = change.layer, self.baseline(change.layer, change.geometry, change.plane)
        where = change.unchanged_since()
        if keep is not None:
            where &= ~keep
        back = change.baseline
        lost = back.before.stated.unpacked() & ~back.after.stated.unpacked()
        stated = now.stated.unpacked()
        if change.run is not None and change.run.by_hand:
            stated &= ~where | back.before.stated.unpacked()
        stated |= lost & (where | ~back.changed.unpacked())
        after = now.going_back(back.before, where).with_stated(stated)
        if where.any():
            with self.writing(BaselineChange(change.plane, PackedMask.of(where), now, after)), layer.block_history():
                layer.data_setitem(change.geometry.indices(change.plane, where), change.old_values(where))
        self.set_baseline(layer, change.plane, after)

    def _on_data(self, event: Any) -> None:
        layer = event.source
        known = self._layers[layer.unique_id]
        if not known.geometry.fits(layer):  # other data: nothing that was known applies to it
            known.lose_pixels()
        if self._writing is None:
            self._changed(layer)
