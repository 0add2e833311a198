"""Whatever people and runs do in whatever order: what a person stated stays, and nothing else counts as stated.

The machine paints, erases, affirms, gives regions, locks, deletes, runs, scores live and takes back on the real layers,
and keeps its own account of what a person said of each pixel. A normal run takes the same 10,000 actions
each time; `NAPARI_CLIPTRASE_ACTIONS` asks for a number of other ones.
"""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from napari.components import ViewerModel

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult
from napari_cliptrase.plugin.state.geometry import Target, geometry_of

ACTIONS_ASKED = os.environ.get("NAPARI_CLIPTRASE_ACTIONS")
ACTIONS = int(ACTIONS_ASKED or 10_000)
STEPS = 50
SIZE = 6
CLASSES = (1, 2, 3)
UNSAID, IN, OUT = 0, 1, 2
"""What a person said of a pixel in a class layer: nothing, that it belongs to the class, that it does not."""

some_class = st.sampled_from(CLASSES)
place = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.integers(1, 3), st.integers(1, 3))
labelling = st.integers(0, 2**32 - 1)


def rectangle(where):
    top, left, height, width = where
    mask = np.zeros((SIZE, SIZE), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def labels_of(seed):
    return np.random.default_rng(seed).integers(0, 1 + len(CLASSES), (SIZE, SIZE)).astype(np.uint8)


class People(RuleBasedStateMachine):
    @initialize()
    def open_an_image(self):
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(np.zeros((SIZE, SIZE, 3), np.uint8), rgb=True)
        self.layers = LabelLayers(self.viewer.layers, lambda _layer: 0)
        self.table = ClassTable.from_names("cat", "dog", "cow")
        self.layers.apply_classes(self.table)
        geometry = geometry_of(self.image, rows=0, columns=1)
        self.target = Target(self.image.unique_id, "scene", 0, geometry, (), slice(0, SIZE), slice(0, SIZE))
        self.locked = set()
        self.live = None
        self.stated = {class_id: np.full((SIZE, SIZE), UNSAID) for class_id in CLASSES}
        self.strokes = {class_id: [] for class_id in CLASSES}
        """The last strokes in each layer with what was said of their pixels before; empty once something was written.

        A stroke that changes no pixel makes no undo step: what it stated stays when Ctrl+Z takes an earlier one back.
        """

    # -- helpers ------------------------------------------------------------------------------------------------------

    def found(self):
        return self.layers.class_layers(self.image)

    def contents(self):
        return {class_id: layer.data.copy() for class_id, layer in self.found().items()}

    def stroke(self, class_id, mask, value):
        layer = self.found().get(class_id)
        if layer is None or not mask.any():
            return
        before, stated = layer.data.copy(), self.stated[class_id].copy()
        layer.data_setitem(np.nonzero(mask), value)
        self.stated[class_id][mask] = IN if value else OUT
        if not np.array_equal(before, layer.data):
            self.strokes[class_id].append((mask, stated[mask]))

    def written(self, before, *, locked=()):
        """After we wrote: locked classes are as they were, and Ctrl+Z no longer means a stroke."""
        now = self.contents()
        for class_id in locked:
            if class_id in before:
                assert class_id in now, "a locked layer is gone"
                assert np.array_equal(now[class_id], before[class_id]), "a locked class changed"
        for class_id in CLASSES:
            self.strokes[class_id].clear()

    # -- people -------------------------------------------------------------------------------------------------------

    @rule(class_id=some_class, where=place)
    def paint(self, class_id, where):
        self.stroke(class_id, rectangle(where), class_id)

    @rule(class_id=some_class, where=place)
    def erase(self, class_id, where):
        self.stroke(class_id, rectangle(where), 0)

    @rule(class_id=some_class, where=place)
    def affirm(self, class_id, where):
        layer = self.found().get(class_id)
        if layer is not None:
            self.stroke(class_id, rectangle(where) & (layer.data == class_id), class_id)

    @rule(class_id=some_class)
    def press_undo(self, class_id):
        if self.strokes[class_id]:
            self.found()[class_id].undo()
            mask, stated = self.strokes[class_id].pop()
            self.stated[class_id][mask] = stated

    @rule(class_id=st.sampled_from((0, *CLASSES)), where=place)
    def give_region(self, class_id, where):
        mask, before = rectangle(where), self.contents()
        if class_id in self.locked:
            with pytest.raises(CliptraseError):
                self.layers.assign(self.target, mask, class_id, locked=self.locked)
            return
        for locked in self.locked:
            mask = mask & (before.get(locked, np.zeros((SIZE, SIZE))) == 0)
        self.layers.assign(self.target, rectangle(where), class_id, locked=self.locked)
        for other in {*before, *self.found()} - self.locked:
            old = before.get(other, np.zeros((SIZE, SIZE)))
            if other == class_id:
                self.stated[other][mask] = IN
            elif class_id:
                self.stated[other][mask & (old > 0)] = OUT
            else:
                self.stated[other][mask] = OUT
        self.written(before, locked=self.locked)

    @rule(class_id=some_class)
    def lock_or_unlock(self, class_id):
        self.locked ^= {class_id}

    @rule(class_id=some_class)
    def delete_layer(self, class_id):
        layer = self.found().get(class_id)
        if layer is not None:
            self.viewer.layers.remove(layer)
            self.stated[class_id][...] = UNSAID
            self.strokes[class_id].clear()

    # -- the model ----------------------------------------------------------------------------------------------------

    @rule(seed=labelling)
    def run(self, seed):
        before = self.contents()
        self.layers.write(PlaneResult(self.target, labels_of(seed), self.table), locked=self.locked)
        self.live = None
        self.written(before, locked=self.locked)

    @rule(seed=labelling)
    def score_live(self, seed):
        before = self.contents()
        result = PlaneResult(self.target, labels_of(seed), self.table, title="New scores")
        self.live = self.layers.write(result, locked=self.locked, instead_of=self.live)
        self.written(before, locked=self.locked)

    @precondition(lambda self: self.layers.last_run is not None)
    @rule()
    def undo_last_run(self):
        before = self.contents()
        run = self.layers.last_run
        if run.linked:
            return  # a region that was given is a person's own statement; Ctrl+Z takes it back
        self.layers.undo_last_run(self.locked)
        self.live = None
        self.written(before, locked=self.locked)

    # -- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def what_was_said_stays(self):
        found = self.found()
        for class_id, stated in self.stated.items():
            if class_id not in found:
                assert not (stated == IN).any(), "a layer with pixels that a person set is gone"
                continue
            data = found[class_id].data
            assert (data[stated == IN] == class_id).all()
            assert (data[stated == OUT] == 0).all()

    @invariant()
    def nothing_else_counts_as_said(self):
        for class_id, layer in self.found().items():
            edits = self.layers.history.edits(layer, self.target.geometry, ())
            assert np.array_equal(edits, self.stated[class_id] != UNSAID)

    @invariant()
    def the_table_agrees_with_the_layers(self):
        areas = self.layers.areas(self.target)
        for class_id, layer in self.found().items():
            assert areas[class_id] == np.count_nonzero(layer.data) / SIZE**2


People.TestCase.settings = settings(
    max_examples=max(1, ACTIONS // STEPS),
    phases=[phase for phase in Phase if phase is not Phase.explain],
    stateful_step_count=STEPS,
    derandomize=ACTIONS_ASKED is None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
TestAnySequence = People.TestCase
