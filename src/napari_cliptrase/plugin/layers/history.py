"""Follows the content of our layers: what was written, what came back by undo, what a person stated.

napari keeps a stack of undo steps for each layer. Here every step has its counterpart, in the same order, so that
Ctrl+Z and redo turn back what is known of the pixels together with the pixels. A step is a person's stroke, a change
that we wrote (`PlaneChange`), or both when they came at the same time. `changes.TRANSITIONS` says what becomes of a
change.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.layers.changes import BaselineChange, ChangeEvent, PlaneChange, Run
from napari_cliptrase.plugin.layers.strokes import Box, Strokes
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.plugin.state.tags import class_of

Mask = NDArray[np.bool_]
PlaneIndex = tuple[int, ...]
MOST_STEPS = 100
"""How many undo steps napari keeps for a layer."""


@dataclass(frozen=True, eq=False)
class Touch:
    """Pixels of a part of a plane that a stroke touched."""

    plane: PlaneIndex
    part: tuple[slice, slice]
    mask: PackedMask


@dataclass(frozen=True, eq=False)
class UndoStep:
    """The counterpart of one of napari's undo steps: what a stroke stated anew, and what was written."""

    stated: tuple[Touch, ...] = ()
    baseline: BaselineChange | None = None
    change: PlaneChange | None = None


@dataclass(eq=False)
class LayerHistory:
    """All that is known of one layer."""

    frame: LayerGeometry
    baselines: dict[PlaneIndex, Baseline] = field(default_factory=dict)
    done: deque[UndoStep] = field(default_factory=lambda: deque(maxlen=MOST_STEPS))
    redo: deque[UndoStep] = field(default_factory=lambda: deque(maxlen=MOST_STEPS))
    touched: list[Touch] = field(default_factory=list)
    """By the stroke that is being made; not yet in the baselines."""
    stated: list[Touch] = field(default_factory=list)
    """By the same stroke, those that are in the baselines."""


class History:
    """Baselines of planes, and the counterparts of napari's undo steps, for the layers that are ours."""

    def __init__(self, changed: Callable[[Labels], object]) -> None:
        self._changed = changed
        self._layers: dict[Any, LayerHistory] = {}
        self._strokes = Strokes(self)
        self._writing: UndoStep | None = None
        self.statements = 0
        """Counts what people did to our layers: whoever remembers it can tell whether anything came since."""

    # -- what is known ------------------------------------------------------------------------------------------------

    def watch(self, layer: Labels, frame: LayerGeometry) -> None:
        """Follow a layer from now on."""
        known = self._layers.get(layer.unique_id)
        if known is not None:
            known.frame = frame
            return
        self._layers[layer.unique_id] = known = LayerHistory(frame)
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

    def frame(self, layer: Labels) -> LayerGeometry | None:
        """Geometry of a layer that is followed."""
        known = self._layers.get(layer.unique_id)
        return None if known is None else known.frame

    def baseline(self, layer: Labels, frame: LayerGeometry, plane: PlaneIndex) -> Baseline:
        """Return what is known of a plane; where nothing was written, all labels that are there are a person's."""
        known = self._layers.get(layer.unique_id)
        if known is not None:
            self._take_in(known)
            if plane in known.baselines:
                return known.baselines[plane]
        return Baseline.of_unknown(frame.plane_of(layer.data, plane), class_of(layer))

    def set_baseline(self, layer: Labels, plane: PlaneIndex, baseline: Baseline) -> None:
        """Set what is known of a plane of a layer that is followed."""
        self._layers[layer.unique_id].baselines[plane] = baseline

    def edits(self, layer: Labels, frame: LayerGeometry, plane: PlaneIndex) -> Mask:
        """(H, W) hand edits of a plane."""
        return self.baseline(layer, frame, plane).edits(frame.plane_of(layer.data, plane), class_of(layer))

    def inherit(self, old: Labels, new: Labels) -> None:
        """Let a copy of a layer have what is known of the original."""
        known = self._layers.get(old.unique_id)
        if known is not None:
            self._take_in(known)
            self.watch(new, known.frame)
            self._layers[new.unique_id].baselines = dict(known.baselines)

    def state(self, layer: Labels, plane: PlaneIndex, where: Mask) -> None:
        """Count pixels (H, W) as stated although nothing had to change for that."""
        known = self._layers[layer.unique_id]
        baseline = self.baseline(layer, known.frame, plane)
        known.baselines[plane] = baseline.with_stated(baseline.stated.unpacked() | where)
        self.statements += 1

    def untouched(self, layer: Labels) -> bool:
        """Whether a layer holds nothing but what results wrote: no hand edit in any plane, not even an erasure."""
        known = self._layers.get(layer.unique_id)
        rest = int(np.count_nonzero(layer.data))
        if known is None:
            return rest == 0
        self._take_in(known)
        for plane, baseline in known.baselines.items():
            content = known.frame.plane_of(layer.data, plane)
            if baseline.edits(content, class_of(layer)).any():
                return False
            rest -= int(np.count_nonzero(content))
        return rest == 0

    def is_stated(self, layer: Labels, since: Mapping[PlaneIndex, Baseline] | None = None) -> bool:
        """Whether a person stated any pixel of a layer, be it that it belongs to no class.

        ``since`` are planes with what was stated in them before, which does not count.
        """
        known = self._layers.get(layer.unique_id)
        if known is None:
            return False
        self._take_in(known)
        earlier = since or {}
        return any(
            not baseline.stated.same_as(earlier[plane].stated) if plane in earlier else baseline.stated.any()
            for plane, baseline in known.baselines.items()
        )

    def pristine(self, change: PlaneChange) -> bool:
        """Whether nothing happened to a layer that was made for a change, in any of its planes."""
        known = self._layers.get(change.layer.unique_id)
        return known is not None and not known.done and not known.redo and not self.is_stated(change.layer)

    def is_last(self, change: PlaneChange) -> bool:
        """Whether Ctrl+Z would undo a change, and nothing was stated in its plane since it was written."""
        known = self._layers.get(change.layer.unique_id)
        if known is None or not known.done or known.done[-1].change is not change or known.done[-1].stated:
            return False
        now = self.baseline(change.layer, change.frame, change.plane)
        return now.stated.same_as(change.baseline.after.stated)

    @contextmanager
    def writing(self, baseline: BaselineChange | None = None, change: PlaneChange | None = None) -> Iterator[None]:
        """While we write ourselves, strokes are not a person's; what napari makes an undo step of is this change."""
        before, self._writing = self._writing, UndoStep((), baseline, change)
        try:
            yield
        finally:
            self._writing = before

    # -- strokes ------------------------------------------------------------------------------------------------------

    def touching(self, layer: Labels, box: Box) -> None:
        """Remember what a plane holds before a stroke, where nothing was known of it."""
        known = self._layers.get(layer.unique_id)
        if self._writing is not None or known is None or not _fits(layer, known):
            return
        for plane in product(*(range(box[axis].start, box[axis].stop) for axis in known.frame.plane_axes)):
            if plane not in known.baselines:
                content = known.frame.plane_of(layer.data, plane)
                known.baselines[plane] = Baseline.of_unknown(content, class_of(layer))

    def touched(self, layer: Labels, box: Box, mask: Mask) -> None:
        """Take up what a stroke stated."""
        known = self._layers.get(layer.unique_id)
        if self._writing is not None or known is None or not _fits(layer, known):
            return
        frame = known.frame
        ranges = [range(box[axis].start, box[axis].stop) for axis in frame.plane_axes]
        for plane in product(*ranges):
            within: list[Any] = [slice(None)] * mask.ndim
            for axis, position, span in zip(frame.plane_axes, plane, ranges, strict=True):
                within[axis] = position - span.start
            here = mask[tuple(within)]
            here = here if frame.rows < frame.columns else here.T
            if here.any():
                known.touched.append(Touch(plane, (box[frame.rows], box[frame.columns]), PackedMask.of(here)))

    def committed(self, layer: Labels) -> None:
        """Put the counterpart of a new undo step on the stack."""
        known = self._layers[layer.unique_id]
        self._take_in(known)
        for lost in known.redo:  # napari can no longer redo them
            if lost.change is not None:
                lost.change.happen(ChangeEvent.REDO_LOST)
        known.redo.clear()
        written = self._writing or UndoStep()
        known.done.append(UndoStep(tuple(known.stated), written.baseline, written.change))
        known.stated.clear()
        if self._writing is None:
            self.statements += 1
        self._changed(layer)

    def ended(self, layer: Labels) -> None:
        """Close a stroke that changed nothing."""
        known = self._layers[layer.unique_id]
        self._take_in(known)
        if known.stated:
            self.statements += 1
            known.stated.clear()

    def aborted(self, layer: Labels) -> None:
        """Drop what a stroke stated that was broken off."""
        known = self._layers[layer.unique_id]
        known.touched.clear()
        self._turn(known, UndoStep(tuple(known.stated)), undo=True)
        known.stated.clear()

    def _take_in(self, known: LayerHistory) -> None:
        """Bring what the stroke touched so far into the baselines."""
        touches, known.touched = known.touched, []
        masks: dict[PlaneIndex, Mask] = {}
        for touch in touches:
            if touch.plane not in masks:
                masks[touch.plane] = known.baselines[touch.plane].stated.unpacked()
            stated = masks[touch.plane][touch.part]
            new = touch.mask.unpacked() & ~stated
            stated |= new
            known.stated.append(Touch(touch.plane, touch.part, PackedMask.of(new)))
        for plane, mask in masks.items():
            known.baselines[plane] = known.baselines[plane].with_stated(mask)

    # -- undo and redo ------------------------------------------------------------------------------------------------

    def undone(self, layer: Labels) -> None:
        """Turn back what is known of the pixels that Ctrl+Z gave their old values."""
        known = self._layers[layer.unique_id]
        self._take_in(known)
        if known.done:
            step = known.done.pop()
            known.redo.append(step)
            self._turn(known, step, undo=True)
            self._tell(layer, step, ChangeEvent.UNDO)

    def redone(self, layer: Labels) -> None:
        """Turn forward again what is known of the pixels that redo gave their new values."""
        known = self._layers[layer.unique_id]
        self._take_in(known)
        if known.redo:
            step = known.redo.pop()
            known.done.append(step)
            self._turn(known, step, undo=False)
            self._tell(layer, step, ChangeEvent.REDO)

    def steps_lost(self, layer: Labels) -> None:
        """Follow napari, which forgets all undo steps of a layer that can no longer be edited."""
        known = self._layers[layer.unique_id]
        known.done.clear()
        known.redo.clear()

    def _turn(self, known: LayerHistory, step: UndoStep, *, undo: bool) -> None:
        if step.baseline is not None:
            change, now = step.baseline, known.baselines[step.baseline.plane]
            known.baselines[change.plane] = change.undone(now) if undo else change.redone(now)
        for touch in step.stated:
            baseline = known.baselines[touch.plane]
            stated = baseline.stated.unpacked()
            stated[touch.part] &= ~touch.mask.unpacked()
            if not undo:
                stated[touch.part] |= touch.mask.unpacked()
            known.baselines[touch.plane] = baseline.with_stated(stated)

    def _tell(self, layer: Labels, step: UndoStep, event: ChangeEvent) -> None:
        if self._writing is None:
            self.statements += 1
        self._changed(layer)
        change = step.change
        if change is None:
            return
        change.happen(event)
        if self._writing is None and change.run is not None and change.run.linked:
            self._follow(change.run, event)

    def _follow(self, run: Run, event: ChangeEvent) -> None:
        """Do in the other layers of a hand edit what Ctrl+Z (or redo) did in the first."""
        for other in run.steps:
            known = self._layers.get(other.layer.unique_id)
            if known is None or other.stands is (event is ChangeEvent.REDO):
                continue
            stack = known.done if event is ChangeEvent.UNDO else known.redo
            if stack and stack[-1].change is other:
                with self.writing():
                    (other.layer.undo if event is ChangeEvent.UNDO else other.layer.redo)()
            elif other.stands:
                other.happen(ChangeEvent.TAKE_BACK)
                self.paint_back(other)

    def paint_back(self, change: PlaneChange, keep: Mask | None = None) -> None:
        """Paint the old values over a change, where they are still what was written, as one undo step.

        Where that layer was painted since, its own undo would take back the stroke. ``keep`` (H, W) stays as it is.
        """
        layer, now = change.layer, self.baseline(change.layer, change.frame, change.plane)
        where = change.unchanged_since()
        if keep is not None:
            where &= ~keep
        back = change.baseline
        lost = back.before.stated.unpacked() & ~back.after.stated.unpacked()
        stated = now.stated.unpacked()
        if change.run is not None and change.run.linked:
            stated &= ~where | back.before.stated.unpacked()
        stated |= lost & (where | ~back.changed.unpacked())
        after = now.going_back(back.before, where).with_stated(stated)
        if where.any():
            rows, columns = np.nonzero(where)
            with self.writing(BaselineChange(change.plane, PackedMask.of(where), now, after)), layer.block_history():
                layer.data_setitem(change.frame.indices(change.plane, rows, columns), change.old_values(where))
        self.set_baseline(layer, change.plane, after)

    def _on_data(self, event: Any) -> None:
        layer = event.source
        known = self._layers[layer.unique_id]
        if not _fits(layer, known):  # other data: nothing that was known is true of it
            known.baselines.clear()
            known.touched.clear()
            known.stated.clear()
        if self._writing is None:
            self._changed(layer)


def _fits(layer: Labels, known: LayerHistory) -> bool:
    return known.frame.fits(layer)
