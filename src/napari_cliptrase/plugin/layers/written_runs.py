"""The runs that were written, and how they are taken back."""

from collections.abc import Collection, Generator, Iterable

import numpy as np
from napari.components import LayerList
from napari.layers import Labels

from napari_cliptrase.plugin.layers.baseline import Baseline
from napari_cliptrase.plugin.layers.changes import ChangeEvent, ChangeState, PlaneChange, Run
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.layer_registry import LayerRegistry
from napari_cliptrase.plugin.layers.quick_removal import remove_layers

MOST_RUNS = 20
"""How many runs can be taken back; each keeps a few bytes for every pixel that it changed."""


class WrittenRuns:
    """The last runs of one viewer, the latest at the end."""

    def __init__(self, viewer_layers: LayerList, registry: LayerRegistry, history: History) -> None:
        self._list = viewer_layers
        self._registry = registry
        self._history = history
        self._runs: list[Run] = []
        self._unfinished: Run | None = None

    @property
    def last(self) -> Run | None:
        """The run that is the next to be taken back; none while another is being written over it."""
        if self._unfinished is not None:
            return None
        return next((run for run in reversed(self._runs) if not run.undone and not run.by_hand), None)

    @property
    def writing(self) -> bool:
        """Whether a run is being written at the moment."""
        return self._unfinished is not None

    @property
    def unfinished(self) -> Run | None:
        """The run that is being written at the moment."""
        return self._unfinished

    @property
    def all(self) -> tuple[Run, ...]:
        """All runs that are kept, the latest at the end."""
        return tuple(self._runs)

    def begin(self, run: Run) -> None:
        """Take note of a run that is being written."""
        self._unfinished = run

    def keep(self, run: Run) -> None:
        """Keep a run that was written, so that it can be taken back."""
        self._unfinished = None
        if run.steps:
            self._runs.append(run)
        gone = ChangeState.GONE
        self._runs = [kept for kept in self._runs if any(step.state is not gone for step in kept.steps)][-MOST_RUNS:]

    def layer_removed(self, layer: Labels) -> None:
        """Forget what was written to a layer that left the list."""
        for run in (*self._runs, *([self._unfinished] if self._unfinished is not None else ())):
            for step in run.steps:
                if step.layer is layer:
                    step.advance(ChangeEvent.LAYER_REMOVED)

    def undo(self, run: Run, locked: Collection[int] = ()) -> bool:
        """Take a run back in all its layers, the last step first; return whether locked classes kept something of it.

        What a person stated since then stays. Layers that the run made go, unless a person stated anything in them.
        """
        self._unfinished = None
        steps = [step for step in reversed(run.steps) if step.is_written]
        kept = [step for step in steps if step.of_locked(locked).any()]
        self._remove_made([step for step in steps if step not in kept])
        self._restore_replaced([step for step in steps if step.layer in self._list], locked)
        for step in steps:
            if step.layer in self._list:
                self._undo_change(step, locked)
        for step in run.steps:
            step.advance(ChangeEvent.KEEP if step in kept else ChangeEvent.RUN_UNDONE)
        if run in self._runs:
            self._runs.remove(run)
        return bool(kept)

    def withdraw(self, run: Run, locked: Collection[int]) -> Generator[Labels, None, frozenset[Labels]]:
        """Take back the steps of a run after which nothing happened in their layers, one at a time.

        Returns the layers that the run had made, which are empty now. Steps in which a locked class won or lost pixels
        stay.
        """
        fresh = set()
        for step in run.steps:
            if not step.is_written or step.replaced is not None or step.of_locked(locked).any():
                continue
            if step.created and self._history.pristine(step) and step.is_unchanged:
                step.content()[...] = 0
                self._history.set_baseline(step.layer, step.plane, step.baseline.before)
                fresh.add(step.layer)
            elif not step.created and self._history.is_last(step):
                with self._history.writing():
                    step.layer.undo()
            else:
                continue
            step.advance(ChangeEvent.RUN_UNDONE)
            yield step.layer
        return frozenset(fresh)

    def _remove_made(self, steps: list[PlaneChange]) -> None:
        """Remove the layers that a run made, where they hold nothing but what it wrote."""
        gone = []
        for layer, written in _by_layer(step for step in steps if step.created).items():
            held = sum(int(np.count_nonzero(step.unchanged_since())) for step in written)
            stated = self._history.is_stated(layer, _stated_by(written))
            stated |= any(step.baseline.before.stated.any() for step in written)  # between its making and the writing
            if held == np.count_nonzero(layer.data) and not stated:
                gone.append(layer)
        remove_layers(self._list, gone)

    def _restore_replaced(self, steps: list[PlaneChange], locked: Collection[int]) -> None:
        """Give the layers that a run had copied their places back, where nothing happened to the copies since."""
        for copy, written in _by_layer(steps).items():
            old = next((step.replaced for step in written if step.replaced is not None), None)
            if old is None or old not in self._list or self._history.is_stated(copy, _stated_by(written)):
                continue
            if not all(step.is_unchanged and not step.of_locked(locked).any() for step in written):
                continue
            self._registry.restore(old, copy)
            self._history.inherit(copy, old)
            for step in written:
                now = self._history.baseline(copy, step.geometry, step.plane)
                self._history.set_baseline(old, step.plane, step.baseline.undone(now))
            remove_layers(self._list, [copy])

    def _undo_change(self, step: PlaneChange, locked: Collection[int]) -> None:
        now = self._history.baseline(step.layer, step.geometry, step.plane)
        stated = now.stated.unpacked()
        self._history.paint_back(step, keep=stated | step.of_locked(locked))


def _by_layer(steps: Iterable[PlaneChange]) -> dict[Labels, list[PlaneChange]]:
    found: dict[Labels, list[PlaneChange]] = {}
    for step in steps:
        found.setdefault(step.layer, []).append(step)
    return found


def _stated_by(steps: Iterable[PlaneChange]) -> dict[tuple[int, ...], Baseline]:
    """What the planes of a layer were left with by these steps."""
    return {step.plane: step.baseline.after for step in steps}
