"""What a run changed, so that it can be taken back exactly.

A `PlaneChange` is the change of one plane of one layer, a `Run` the changes of one result. napari's own undo works on
each layer (one step a layer), and a change follows it: when Ctrl+Z restores what was there before, the change counts as
undone, so that the next run does not mistake the restored pixels for hand edits.
"""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_cliptrase.plugin.layers.baseline import Baseline, PackedMask
from napari_cliptrase.plugin.state.geometry import LayerGeometry

Mask = NDArray[np.bool_]
SAMPLES = 64


@dataclass(eq=False)
class PlaneChange:
    """The change of one plane of one layer.

    ``before`` and ``after`` hold the values at the changed pixels, ``flat`` says where in the plane these are (and is
    let go at once); ``created`` says that the layer was made by this step, ``replaced`` whose place it took.
    """

    layer: Labels
    frame: LayerGeometry
    plane: tuple[int, ...]
    changed: PackedMask = field(repr=False)
    before: NDArray[np.integer] = field(repr=False)
    after: NDArray[np.integer] = field(repr=False)
    flat: InitVar[NDArray[np.intp]]
    memory_before: Baseline | None = field(repr=False)
    memory_after: Baseline | None = field(repr=False)
    created: bool = False
    replaced: Labels | None = None
    undone: bool = False
    painted: bool = False
    """Whether something was painted into the layer since, by hand or by a later run: napari's undo is not its own."""
    unseen: bool = False
    """Whether something was painted that was not looked at yet."""
    erased: bool = False
    """Whether the changed pixels were brought back to their old values with the brush."""

    def __post_init__(self, flat: NDArray[np.intp]) -> None:
        self._few = np.linspace(0, flat.size - 1, min(SAMPLES, flat.size)).astype(np.intp)
        self._rows, self._columns = np.divmod(flat[self._few], self.changed.shape[1])

    def matches(self, values: NDArray[np.integer]) -> bool:
        """Whether the changed pixels hold ``values`` now; a few are looked at first, since most often they do not."""
        if not values.size:
            return False
        content = self.frame.plane_of(self.layer.data, self.plane)
        if not np.array_equal(content[self._rows, self._columns], values[self._few]):
            return False
        return bool(np.array_equal(content[self.changed.unpacked()], values))

    def untouched_since(self) -> Mask:
        """(H, W) changed pixels that still hold what the run wrote."""
        content = self.frame.plane_of(self.layer.data, self.plane)
        where = self.changed.unpacked()
        kept = np.zeros_like(where)
        kept[where] = content[where] == self.after
        return kept

    def paint(self, where: Mask, *, undone: bool) -> None:
        """Give pixels ``where`` (part of the changed ones, H, W) their old (or else new) values, as one undo step."""
        rows, columns = np.nonzero(where)
        values = (self.before if undone else self.after)[where[self.changed.unpacked()]]
        with self.layer.block_history():
            self.layer.data_setitem(self.frame.indices(self.plane, rows, columns), values)


@dataclass(eq=False)
class Run:
    """One result, written to one or more layers.

    Attributes
    ----------
    number, title
        Counted from 1; what is said in *Undo last run*.
    steps
        One for each plane of each layer that changed, in the order of writing.
    notes
        Sentences for the user.
    linked
        Ctrl+Z in one of the layers takes the whole run back (for hand edits that touch several layers at once).
    """

    number: int
    title: str
    steps: Sequence[PlaneChange]
    notes: tuple[str, ...] = ()
    linked: bool = False
    following: bool = field(default=False, repr=False)
    known: int = field(default=0, repr=False)
    """How many of the steps the history follows; a run that is still being written has more and more."""

    @property
    def undone(self) -> bool:
        """Whether nothing of it is left to take back."""
        return all(step.undone for step in self.steps)

    @property
    def layers(self) -> tuple[Labels, ...]:
        """The layers that it changed, each once."""
        return tuple(dict.fromkeys(step.layer for step in self.steps))
