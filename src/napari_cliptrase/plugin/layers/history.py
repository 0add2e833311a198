"""Follows the content of our layers: what was written, what came back by undo, what was changed by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.layers.changes import PlaneChange, Run
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.plugin.state.tags import class_of

Mask = NDArray[np.bool_]


class History:
    """Memories of planes, and the steps that napari's undo may take back.

    napari's undo announces itself only as new data, as scripts do; a brush announces paint (before the pixels change).
    So a step counts as undone when its pixels come to hold their old values and nothing was painted since the last
    look.
    A class erased with the brush stays an edit.
    """

    def __init__(self, changed: Callable[[Labels], object]) -> None:
        self._changed = changed
        self._memories: dict[Any, dict[tuple[int, ...], Baseline]] = {}
        self._steps: dict[Any, list[tuple[Run, PlaneChange]]] = {}
        self._frames: dict[Any, LayerGeometry] = {}
        self._watched: set[Any] = set()
        self._writing = 0

    def memory(self, layer: Labels, plane: tuple[int, ...]) -> Baseline | None:
        """Memory of a plane; None when nothing was written there."""
        return self._memories.get(layer.unique_id, {}).get(plane)

    def remember(self, layer: Labels, plane: tuple[int, ...], memory: Baseline | None) -> None:
        """Set or (None) drop the memory of a plane."""
        planes = self._memories.setdefault(layer.unique_id, {})
        if memory is None:
            planes.pop(plane, None)
        else:
            planes[plane] = memory

    def frame(self, layer: Labels) -> LayerGeometry | None:
        """Geometry that was used to write a layer; None when nothing was written to it."""
        return self._frames.get(layer.unique_id)

    def inherit(self, old: Labels, new: Labels) -> None:
        """Let a copy of a layer have the memories of the original."""
        self._memories[new.unique_id] = dict(self._memories.get(old.unique_id, {}))

    def confirm(self, layer: Labels, plane: tuple[int, ...], where: Mask) -> None:
        """Count pixels (H, W) as changed by hand although they already held what the annotator gave them."""
        memory = self.memory(layer, plane)
        if memory is not None:
            edited = PackedMask.of(memory.edited.unpacked() | where)
            self.remember(layer, plane, Baseline(memory.written, edited))

    def edited_since(self, step: PlaneChange) -> Mask:
        """(H, W) pixels that were counted as changed by hand after a step, some of which may hold what it wrote."""
        now, then = self.memory(step.layer, step.plane), step.memory_after
        if now is None or now is then:
            return np.zeros(step.changed.shape, bool)
        edited = now.edited.unpacked()
        return edited if then is None else edited & ~then.edited.unpacked()

    def untouched(self, layer: Labels) -> bool:
        """Whether a layer holds nothing but what results wrote: no hand edit in any plane."""
        frame = self._frames.get(layer.unique_id)
        rest = int(np.count_nonzero(layer.data))
        for plane, memory in self._memories.get(layer.unique_id, {}).items():
            if frame is None:
                return False
            content = frame.plane_of(layer.data, plane)
            if memory.edits(content, class_of(layer)).any():
                return False
            rest -= int(np.count_nonzero(content))
        return rest == 0

    def watch(self, layer: Labels, frame: LayerGeometry) -> None:
        """Follow a layer's events from now on."""
        self._frames[layer.unique_id] = frame
        if layer.unique_id not in self._watched:
            self._watched.add(layer.unique_id)
            layer.events.paint.connect(self._on_paint)
            layer.events.set_data.connect(self._on_set_data)

    def forget(self, layer: Labels) -> None:
        """Drop all that is known of a layer that left the list."""
        if layer.unique_id in self._watched:
            self._watched.discard(layer.unique_id)
            layer.events.paint.disconnect(self._on_paint)
            layer.events.set_data.disconnect(self._on_set_data)
        self._memories.pop(layer.unique_id, None)
        self._frames.pop(layer.unique_id, None)
        self._steps.pop(layer.unique_id, None)

    def record(self, run: Run) -> None:
        """Follow the steps of a run from now on, those that are new since the last call."""
        for step in run.steps[run.known :]:
            self._steps.setdefault(step.layer.unique_id, []).append((run, step))
        run.known = len(run.steps)

    def drop(self, run: Run) -> None:
        """Stop following a run that can no longer be taken back."""
        for step in run.steps:
            kept = [pair for pair in self._steps.get(step.layer.unique_id, []) if pair[0] is not run]
            self._steps[step.layer.unique_id] = kept

    def __enter__(self) -> "History":
        """While writing ourselves, events are not the user's."""
        self._writing += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._writing -= 1

    def _on_paint(self, event: Any) -> None:
        layer = event.source
        steps = self._steps.get(layer.unique_id, [])
        steps[:] = [pair for pair in steps if not pair[1].undone]  # napari can no longer redo them
        for _run, step in steps:
            step.painted = True
            step.unseen = step.unseen or not self._writing
        self._changed(layer)

    def _on_set_data(self, event: Any) -> None:
        layer = event.source
        if self._writing:
            return
        for run, step in reversed(self._steps.get(layer.unique_id, [])):
            if step.undone:
                continue
            old = step.matches(step.before)
            step.erased = old and (step.erased or step.unseen)
            step.unseen = False
            if step.erased or not old:
                break
            self._mark(run, step, undone=True)
        for run, step in self._steps.get(layer.unique_id, []):
            if step.undone and not step.created and step.matches(step.after):
                self._mark(run, step, undone=False)
        self._changed(layer)

    def _mark(self, run: Run, step: PlaneChange, *, undone: bool) -> None:
        step.undone = undone
        step.erased = step.unseen = False
        self.remember(step.layer, step.plane, step.memory_before if undone else step.memory_after)
        if not run.linked or run.following:
            return
        run.following = True
        try:
            for other in run.steps:
                if other is not step and other.undone is not undone:
                    self._follow(other, undone)
        finally:
            run.following = False

    def _follow(self, step: PlaneChange, undone: bool) -> None:
        """Do in another layer of the same hand edit what Ctrl+Z (or redo) did in the first.

        Where that layer was painted since, its own undo would take back the stroke: the old values are painted over.
        """
        if not step.matches(step.after if undone else step.before):
            return
        if not step.painted:
            (step.layer.undo if undone else step.layer.redo)()
            return
        step.undone = undone
        with self:
            step.paint(step.changed.unpacked(), undone=undone)
        self._changed(step.layer)
