"""What is known of one label layer, step by step beside napari's undo steps. Touches no layer.

napari keeps a stack of undo steps for each layer. Here every step has its counterpart, in the same order. A step is a
person's stroke, a change that we wrote (`PlaneChange`), or both when they came at the same time.

============  =================  =================  =========================================
event         undo steps         redo steps         what is known of the pixels
============  =================  =================  =========================================
commit        one more           none               those that the stroke touched are stated
end           the same           the same           those that the stroke touched are stated
abort         the same           the same           as before the stroke
undo          one less           one more           as before that step
redo          one more           one less           as after that step
lose_steps    none               none               the same
lose_pixels   the same           the same           nothing
============  =================  =================  =========================================
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from napari_cliptrase.array_types import Mask, PlaneIndex
from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.layers.changes import BaselineChange, ChangeEvent, PlaneChange
from napari_cliptrase.plugin.layers.strokes import StrokeBox
from napari_cliptrase.plugin.state.geometry import LayerGeometry

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
    """The counterpart of one of napari's undo steps: what a stroke newly stated, and what was written."""

    stated: tuple[Touch, ...] = ()
    baseline: BaselineChange | None = None
    change: PlaneChange | None = None


@dataclass(eq=False)
class LayerHistory:
    """All that is known of one layer.

    Attributes
    ----------
    geometry
        Geometry of the layer.
    baselines
        What is known of each plane; planes of which nothing is known are left out.
    done, undone
        Undo steps and redo steps, the latest at the end.
    """

    geometry: LayerGeometry
    baselines: dict[PlaneIndex, Baseline] = field(default_factory=dict)
    done: deque[UndoStep] = field(default_factory=lambda: deque(maxlen=MOST_STEPS))
    undone: deque[UndoStep] = field(default_factory=lambda: deque(maxlen=MOST_STEPS))
    _touched: list[Touch] = field(default_factory=list, init=False)
    """By the stroke that is being made; not yet in the baselines."""
    _stated: list[Touch] = field(default_factory=list, init=False)
    """By the same stroke, those that are in the baselines."""

    # -- strokes ------------------------------------------------------------------------------------------------------

    def planes_in(self, box: StrokeBox) -> Iterator[PlaneIndex]:
        """Return the planes that a box of the data has a part in."""
        return product(*(range(box[axis].start, box[axis].stop) for axis in self.geometry.plane_axes))

    def touch(self, box: StrokeBox, mask: Mask) -> None:
        """Note that a stroke touched the pixels ``mask`` of a box, in its shape; all of its planes have a baseline."""
        geometry = self.geometry
        for plane in self.planes_in(box):
            within: list[Any] = [slice(None)] * mask.ndim
            for axis, position in zip(geometry.plane_axes, plane, strict=True):
                within[axis] = position - box[axis].start
            here = mask[tuple(within)]
            here = here if geometry.rows < geometry.columns else here.T
            if here.any():
                self._touched.append(Touch(plane, (box[geometry.rows], box[geometry.columns]), PackedMask.of(here)))

    def take_in(self) -> None:
        """Bring what the stroke touched so far into the baselines."""
        touches, self._touched = self._touched, []
        masks: dict[PlaneIndex, Mask] = {}
        for touch in touches:
            if touch.plane not in masks:
                masks[touch.plane] = self.baselines[touch.plane].stated.unpacked()
            stated = masks[touch.plane][touch.part]
            new = touch.mask.unpacked() & ~stated
            stated |= new
            self._stated.append(Touch(touch.plane, touch.part, PackedMask.of(new)))
        for plane, mask in masks.items():
            self.baselines[plane] = self.baselines[plane].with_stated(mask)

    def commit(self, written: UndoStep) -> UndoStep:
        """Put the counterpart of a new undo step on the stack, and return it: of a stroke, and of what was written."""
        self.take_in()
        for lost in self.undone:  # napari can no longer redo them
            if lost.change is not None:
                lost.change.advance(ChangeEvent.REDO_LOST)
        self.undone.clear()
        step = UndoStep(tuple(self._stated), written.baseline, written.change)
        self.done.append(step)
        self._stated.clear()
        return step

    def end(self) -> tuple[Touch, ...]:
        """Close a stroke; return what it stated without an undo step."""
        self.take_in()
        stated = tuple(self._stated)
        self._stated.clear()
        return stated

    def abort(self) -> None:
        """Drop what an aborted stroke stated."""
        self._touched.clear()
        self._turn(UndoStep(tuple(self._stated)), undo=True)
        self._stated.clear()

    # -- undo and redo ------------------------------------------------------------------------------------------------

    def undo(self) -> UndoStep | None:
        """Restore what was known of the pixels whose old values Ctrl+Z restored."""
        self.take_in()
        if not self.done:
            return None
        step = self.done.pop()
        self.undone.append(step)
        self._turn(step, undo=True)
        return step

    def redo(self) -> UndoStep | None:
        """Restore what was known of the pixels whose new values redo restored."""
        self.take_in()
        if not self.undone:
            return None
        step = self.undone.pop()
        self.done.append(step)
        self._turn(step, undo=False)
        return step

    def lose_steps(self) -> None:
        """Forget all undo and redo steps, as napari does for a layer that can no longer be edited."""
        self.done.clear()
        self.undone.clear()

    def lose_pixels(self) -> None:
        """Forget what is known of the pixels: the layer has got other data."""
        self.baselines.clear()
        self._touched.clear()
        self._stated.clear()

    def _turn(self, step: UndoStep, *, undo: bool) -> None:
        if step.baseline is not None:
            change, now = step.baseline, self.baselines[step.baseline.plane]
            self.baselines[change.plane] = change.undone(now) if undo else change.redone(now)
        for touch in step.stated:
            baseline = self.baselines[touch.plane]
            stated = baseline.stated.unpacked()
            stated[touch.part] &= ~touch.mask.unpacked()
            if not undo:
                stated[touch.part] |= touch.mask.unpacked()
            self.baselines[touch.plane] = baseline.with_stated(stated)
