"""What people said of every pixel of the label layers: an account that is kept beside the code under test.

A pixel of a label layer is either unsaid, or said to have a value: the class of the layer, another label, or 0, "not
this class". Whoever acts on the layers tells the account what was meant; the account follows napari's undo steps, and
then tells what every pixel must hold.
"""

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from napari.layers import Labels

from napari_cliptrase.plugin.state.tags import tag_of

UNSAID = -1
MOST_STEPS = 100
"""How many undo steps napari keeps for a layer."""


@dataclass(eq=False)
class Step:
    """One of napari's undo steps: the pixels that it changed, and what was said before and after it.

    ``together`` are the steps of other layers that Ctrl+Z takes back with this one.
    """

    account: "LayerAccount"
    changed: np.ndarray
    before: np.ndarray
    after: np.ndarray | None = None
    together: "list[Step]" = field(default_factory=list)

    def close(self):
        if self.after is None:
            self.after = self.account.said.copy()

    def turn(self, to):
        where = self.changed | (self.before != self.after)
        self.account.said[where] = to[where]


@dataclass(eq=False)
class LayerAccount:
    layer: Labels
    said: np.ndarray
    done: deque = field(default_factory=lambda: deque(maxlen=MOST_STEPS))
    redo: deque = field(default_factory=lambda: deque(maxlen=MOST_STEPS))

    @property
    def is_said(self):
        return self.said != UNSAID


class Statements:
    """Follows the label layers of ours in a viewer; ``lost`` are layers that went with statements of a person."""

    def __init__(self, viewer):
        self.accounts = {}
        self.lost = []
        self._steps = []
        self._by_hand = False
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)

    def of(self, layer):
        return self.accounts[layer.unique_id]

    # -- what people do -----------------------------------------------------------------------------------------------

    def say(self, layer, mask, value):
        """A person said that the pixels of a mask have a value."""
        self.of(layer).said[mask] = value

    def take(self, layer, mask):
        """A person let the model have the pixels of a mask."""
        self.of(layer).said[mask] = UNSAID

    @contextmanager
    def by_hand(self):
        """While a person removes layers."""
        self._by_hand = True
        try:
            yield
        finally:
            self._by_hand = False

    def settle(self, *, together=False):
        """Close the steps of an action after its statements; ``together``: Ctrl+Z takes them back at once."""
        steps, self._steps = self._steps, []
        for step in steps:
            step.close()
            if together:
                step.together = [other for other in steps if other is not step]

    def settle_undo(self, step):
        """After Ctrl+Z undid a step: what was given with it in other layers and could only be painted back there."""
        for painted in self._steps:
            for other in step.together if step is not None else ():
                if other.account is painted.account:
                    where = painted.changed & (other.before != other.after)
                    painted.account.said[where] = other.before[where]
        self.settle()

    # -- what napari does ---------------------------------------------------------------------------------------------

    def _on_inserted(self, event):
        layer = event.value
        if not isinstance(layer, Labels) or tag_of(layer) is None or layer.unique_id in self.accounts:
            return
        self.accounts[layer.unique_id] = account = LayerAccount(layer, np.full(layer.data.shape, UNSAID))
        for name, follow in (("undo", self._on_undo), ("redo", self._on_redo)):
            setattr(layer, name, _followed(getattr(layer, name), follow, account))
        layer.events.paint.connect(self._on_paint)

    def _on_removed(self, event):
        account = self.accounts.pop(getattr(event.value, "unique_id", None), None)
        if account is not None and account.is_said.any() and not self._by_hand:
            self.lost.append(event.value.name)

    def _on_paint(self, event):
        account = self.of(event.source)
        account.redo.clear()
        account.done.append(Step(account, _changed(event.value, account.said.shape), account.said.copy()))
        self._steps.append(account.done[-1])

    @staticmethod
    def _on_undo(account):
        if account.done:
            step = account.done.pop()
            account.redo.append(step)
            step.close()
            step.turn(step.before)

    @staticmethod
    def _on_redo(account):
        if account.redo:
            step = account.redo.pop()
            account.done.append(step)
            step.turn(step.after)


def _followed(original, follow, account):
    def call():
        original()
        follow(account)

    return call


def _changed(atoms, shape):
    """The pixels that an undo step of napari's is about."""
    mask = np.zeros(shape, bool)
    for atom in atoms:
        if hasattr(atom, "slice_key"):
            mask[atom.slice_key] |= True if atom.mask is None else atom.mask
        else:
            mask[atom[0]] = True
    return mask
