"""The runs that were written, and how they are taken back."""

from collections.abc import Callable, Generator

import numpy as np
from napari.components import LayerList
from napari.layers import Labels

from napari_cliptrase.plugin.layers.changes import PlaneChange, Run
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.layer_registry import LayerRegistry

MOST_RUNS = 20
"""How many runs can be taken back; each keeps a few bytes for every pixel that it changed."""


class WrittenRuns:
    """The last runs of one viewer, the latest at the end; ``changed(layer)`` is called for what is taken back."""

    def __init__(
        self, viewer_layers: LayerList, shelf: LayerRegistry, history: History, changed: Callable[[Labels], object]
    ) -> None:
        self._list = viewer_layers
        self._shelf = shelf
        self._history = history
        self._changed = changed
        self._runs: list[Run] = []
        self._unfinished: Run | None = None

    @property
    def last(self) -> Run | None:
        """The run that is the next to be taken back; none while another is being written over it."""
        if self._unfinished is not None:
            return None
        return next((run for run in reversed(self._runs) if not run.undone and not run.linked), None)

    def go_on(self, run: Run) -> None:
        """Follow a run that is still being written, so that Ctrl+Z between two of its steps is no hand edit."""
        self._unfinished = run
        self._history.record(run)

    def keep(self, run: Run) -> None:
        """Keep a run that was written, so that it can be taken back."""
        self._unfinished = None
        self._runs = [kept for kept in self._runs if not kept.undone]
        if run.steps:
            self._runs.append(run)
            self._history.record(run)
        for old in self._runs[:-MOST_RUNS]:
            self._history.drop(old)
        del self._runs[:-MOST_RUNS]

    def take_back(self, run: Run) -> None:
        """Take a run back in all its layers, the last step first.

        Pixels changed by hand since then stay. Layers that the run made go, unless there are such pixels in them.
        """
        self._unfinished = None
        self._remove_made(run)
        for step in reversed(run.steps):
            if not step.undone:
                self._take_back(step)
        if run in self._runs:
            self._runs.remove(run)
        self._history.drop(run)

    def withdraw(self, run: Run) -> Generator[Labels, None, frozenset[Labels]]:
        """Take back the steps of a run after which nothing was painted, one at a time.

        Returns the layers that the run had made.
        """
        fresh = set()
        for step in run.steps:
            layer = step.layer
            gone = layer not in self._list or step.undone
            if gone or step.painted or step.replaced is not None or not step.matches(step.after):
                continue
            with self._history:
                if step.created:
                    step.frame.plane_of(layer.data, step.plane)[...] = 0
                    fresh.add(layer)
                else:
                    layer.undo()
            step.undone = True
            self._history.remember(layer, step.plane, step.memory_before)
            yield layer
        return frozenset(fresh)

    def _remove_made(self, run: Run) -> None:
        """Remove the layers that a run made, where they hold nothing but what it wrote."""
        made: dict[Labels, list[PlaneChange]] = {}
        for step in run.steps:
            if step.created and not step.undone and step.layer in self._list:
                made.setdefault(step.layer, []).append(step)
        for layer, steps in made.items():
            held = sum(int(np.count_nonzero(step.untouched_since())) for step in steps)
            if held == np.count_nonzero(layer.data):
                for step in steps:
                    step.undone = True
                with self._history:
                    self._list.remove(layer)

    def _take_back(self, step: PlaneChange) -> None:
        step.undone = True
        layer = step.layer
        if layer not in self._list:
            return
        where = step.untouched_since()
        alone = np.count_nonzero(where) == step.before.size and self._history.memory(layer, step.plane) is (
            step.memory_after
        )
        with self._history:
            if step.replaced is not None and step.replaced in self._list and alone:
                self._shelf.restore(step.replaced, layer)
                self._history.inherit(layer, step.replaced)
                self._history.watch(step.replaced, step.frame)
                self._list.remove(layer)
                layer = step.replaced
            elif where.any():
                step.paint(where, undone=True)
        later = self._history.edited_since(step)
        self._history.remember(layer, step.plane, step.memory_before)
        self._history.confirm(layer, step.plane, later | step.changed.unpacked() & ~where)
        self._changed(layer)
