"""What a run changed, so that it can be undone exactly.

A `PlaneChange` is the change of one plane of one layer, a `Run` the changes of one result. What becomes of a change is
in `CHANGE_TRANSITIONS`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_cliptrase.array_types import Mask
from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.plugin.state.tags import class_of


class ChangeState(Enum):
    """The state of a change."""

    WRITTEN = auto()
    """It is in its layer."""
    UNDONE = auto()
    """Ctrl+Z took it out of its layer; redo can bring it back."""
    GONE = auto()
    """It can be neither undone nor restored as a part of its run."""


class ChangeEvent(Enum):
    """What can happen to a change."""

    UNDO = auto()
    """Ctrl+Z in its layer, or in another layer of the same hand edit."""
    REDO = auto()
    """The opposite."""
    REDO_LOST = auto()
    """Something was painted after Ctrl+Z: napari can no longer redo."""
    RUN_UNDONE = auto()
    """*Undo last run*, or a newer score that replaces its run."""
    LAYER_REMOVED = auto()
    """Its layer left the viewer."""
    KEEP = auto()
    """*Undo last run* left it where it is: its class is locked."""


CHANGE_TRANSITIONS = {
    (ChangeState.WRITTEN, ChangeEvent.UNDO): ChangeState.UNDONE,
    (ChangeState.WRITTEN, ChangeEvent.RUN_UNDONE): ChangeState.GONE,
    (ChangeState.WRITTEN, ChangeEvent.LAYER_REMOVED): ChangeState.GONE,
    (ChangeState.WRITTEN, ChangeEvent.KEEP): ChangeState.GONE,
    (ChangeState.UNDONE, ChangeEvent.REDO): ChangeState.WRITTEN,
    (ChangeState.UNDONE, ChangeEvent.REDO_LOST): ChangeState.GONE,
    (ChangeState.UNDONE, ChangeEvent.RUN_UNDONE): ChangeState.GONE,
    (ChangeState.UNDONE, ChangeEvent.LAYER_REMOVED): ChangeState.GONE,
    (ChangeState.UNDONE, ChangeEvent.KEEP): ChangeState.GONE,
}
"""A change that is gone stays gone; any other event that is not listed is an error."""


@dataclass(frozen=True, eq=False)
class BaselineChange:
    """How one undo step of a layer changed one plane and what is known of it.

    ``changed`` are the (H, W) pixels that got another value.
    """

    plane: tuple[int, ...]
    changed: PackedMask = field(repr=False)
    before: Baseline = field(repr=False)
    after: Baseline = field(repr=False)

    def undone(self, now: Baseline) -> Baseline:
        """Return what is known after napari gave the changed pixels their old values."""
        return self._turned(now, self.before, self.after)

    def redone(self, now: Baseline) -> Baseline:
        """Return what is known after napari gave the changed pixels their new values again."""
        return self._turned(now, self.after, self.before)

    def _turned(self, now: Baseline, to: Baseline, since: Baseline) -> Baseline:
        """Bring back what was known of the changed pixels; what was stated elsewhere meanwhile stays."""
        changed, later, earlier = self.changed.unpacked(), to.stated.unpacked(), since.stated.unpacked()
        stated = now.stated.unpacked()
        stated = (stated & ~changed & ~(earlier & ~later)) | (later & (changed | ~earlier))
        return now.going_back(to, changed).with_stated(stated)


@dataclass(eq=False)
class PlaneChange:
    """The change of one plane of one layer by a run.

    ``old`` and ``new`` hold the values at the changed pixels; ``created`` says that the layer was made for it,
    ``replaced`` whose place it took.
    """

    layer: Labels
    geometry: LayerGeometry
    baseline: BaselineChange
    old: NDArray[np.integer] = field(repr=False)
    new: NDArray[np.integer] = field(repr=False)
    created: bool = False
    replaced: Labels | None = None
    run: "Run | None" = field(default=None, repr=False)
    state: ChangeState = ChangeState.WRITTEN

    @property
    def plane(self) -> tuple[int, ...]:
        """Index of the plane along the axes that count planes."""
        return self.baseline.plane

    @property
    def is_written(self) -> bool:
        """Whether it is in its layer."""
        return self.state is ChangeState.WRITTEN

    def advance(self, event: ChangeEvent) -> None:
        """Go to the next state."""
        if self.state is not ChangeState.GONE:
            self.state = CHANGE_TRANSITIONS[self.state, event]

    def content(self) -> NDArray[np.integer]:
        """(H, W) plane as it is now."""
        return self.geometry.plane_of(self.layer.data, self.plane)

    def unchanged_since(self) -> Mask:
        """(H, W) changed pixels that still hold what the run wrote."""
        where = self.baseline.changed.unpacked()
        where[where] = self.content()[where] == self.new
        return where

    @property
    def is_unchanged(self) -> bool:
        """Whether all changed pixels still hold what the run wrote."""
        return int(np.count_nonzero(self.unchanged_since())) == self.new.size

    def of_locked(self, locked: Collection[int]) -> Mask:
        """(H, W) changed pixels that a locked class lost or won."""
        where = self.baseline.changed.unpacked()
        if not locked:
            where[...] = False
            return where
        if class_of(self.layer) is None:
            ids = list(locked)
            where[where] = np.isin(self.old, ids) | np.isin(self.new, ids)
        elif class_of(self.layer) not in locked:
            where[...] = False
        return where

    def old_values(self, where: Mask) -> NDArray[np.integer]:
        """Return the values before, at ``where`` (H, W; part of the changed pixels)."""
        values: NDArray[np.integer] = self.old[where[self.baseline.changed.unpacked()]]
        return values


@dataclass(eq=False)
class Run:
    """One result, written to one or more layers.

    Attributes
    ----------
    number, title
        Number, counted from 1, and the title that *Undo last run* shows.
    steps
        One for each plane of each layer that changed, in the order of writing.
    notes
        Sentences for the user.
    linked
        Ctrl+Z in one of the layers takes the whole run back (for changes that touch several layers at once).
    by_hand
        A person did it, with a tool.
    """

    number: int
    title: str
    steps: Sequence[PlaneChange]
    notes: tuple[str, ...] = ()
    linked: bool = False
    by_hand: bool = False

    @property
    def undone(self) -> bool:
        """Whether nothing of it is left to take back."""
        return not any(step.is_written for step in self.steps)

    @property
    def layers(self) -> tuple[Labels, ...]:
        """The layers that it changed, each once."""
        return tuple(dict.fromkeys(step.layer for step in self.steps))


def undone_sentence(run: Run) -> str:
    """Return a sentence that a run was undone, and which part of it was not."""
    return " ".join((f"{run.title} was undone.", *run.notes))
