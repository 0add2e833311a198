"""Whatever people and runs do in whatever order: what a person stated stays, and nothing else counts as stated.

The machine works on the real layers of an RGB image and a stack in one viewer. `statements` keeps account of what a
person said of each pixel. A normal run takes the same actions each time; `NAPARI_CLIPTRASE_ACTIONS` asks for a number
of other ones.
"""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication
from scene import ALL, CLASSES, Scene, label_layer

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.state.run_choices import Output

ACTIONS_ASKED = os.environ.get("NAPARI_CLIPTRASE_ACTIONS")
ACTIONS = int(ACTIONS_ASKED or 10_000)
STEPS = 50
SIZE, PLANES = 6, 3
ELSEWHERE = 9
"""A label that no class and no action of the machine has."""

some_class = st.sampled_from(CLASSES)
some_image = st.sampled_from((0, 1))
some_plane = st.integers(0, PLANES - 1)
some_layer = st.sampled_from((*CLASSES, *CLASSES, None))
place = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.integers(1, 3), st.integers(1, 3))
labelling = st.integers(0, 2**32 - 1)
some_output = st.sampled_from((Output.CLASSES, Output.CLASSES, Output.CLASSES, Output.BOTH, Output.COMBINED))
some_value = st.sampled_from((None, None, None, 0, 0, *CLASSES))
"""What is painted: None is the class of the layer."""


def rectangle(where):
    top, left, height, width = where
    mask = np.zeros((SIZE, SIZE), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def labels_of(seed):
    return np.random.default_rng(seed).integers(0, 1 + len(CLASSES), (SIZE, SIZE)).astype(np.uint8)


def nearly(seed):
    """Labels that differ from those of another seed in a few places, as scores do after a small change."""
    labels, other = labels_of(seed % 7), labels_of(seed)
    return np.where(np.random.default_rng(seed).random((SIZE, SIZE)) < 0.2, other, labels)


class People(RuleBasedStateMachine):
    @initialize()
    def open_images(self):
        gray = np.zeros((PLANES, SIZE, SIZE), np.uint8)
        self.scene = Scene(ViewerModel(), np.zeros((SIZE, SIZE, 3), np.uint8), gray)
        self.live = self.live_at = None

    def teardown(self):
        QApplication.processEvents()

    def layer(self, image, key):
        return self.scene.found(image).get(key)

    # -- brush, fill, polygon, eraser ---------------------------------------------------------------------------------

    @rule(image=some_image, key=some_layer, plane=some_plane, where=place, value=some_value, keep=st.booleans())
    def brush(self, image, key, plane, where, value, keep):
        layer = self.layer(image, key)
        if layer is None:
            return
        value = (key or 1) if value is None else value
        target = self.scene.target(image, plane)
        mask = self.scene.on(target, rectangle(where))

        def paint():
            layer.preserve_labels, layer.brush_size = keep, 1
            with layer.block_history():
                for pixel in np.argwhere(mask):
                    layer.paint(tuple(pixel), value)
            layer.preserve_labels = False

        self.scene.stroke(layer, mask, value, paint)

    @rule(image=some_image, key=some_layer, plane=some_plane, where=place, affirm=st.booleans())
    def write_pixels(self, image, key, plane, where, affirm):
        layer = self.layer(image, key)
        if layer is None:
            return
        mask = self.scene.on(self.scene.target(image, plane), rectangle(where))
        value = int(layer.data[mask][0]) if affirm else (key or 2)
        if affirm:
            mask &= layer.data == value
        self.scene.stroke(layer, mask, value, lambda: layer.data_setitem(np.nonzero(mask), value))

    @rule(key=some_layer, at=st.tuples(some_plane, *[st.integers(0, SIZE - 1)] * 2), erase=st.booleans())
    def brush_through_planes(self, key, at, erase):
        layer = self.layer(1, key)
        if layer is None:
            return
        value = 0 if erase else (key or 3)

        def paint(layer):
            layer.brush_size, layer.n_edit_dimensions = 3, 3
            layer.paint(at, value)
            layer.n_edit_dimensions = 2

        tried = label_layer(layer.data.shape, ELSEWHERE)
        paint(tried)
        self.scene.stroke(layer, tried.data == value, value, lambda: paint(layer))

    @rule(image=some_image, key=some_layer, plane=some_plane, corners=st.tuples(*[st.integers(0, SIZE - 1)] * 6))
    def draw_polygon(self, image, key, plane, corners):
        layer = self.layer(image, key)
        if layer is None:
            return
        value = key or 1
        before = self.scene.target(image, plane).plane
        points = [(*before, *corners[at : at + 2]) for at in (0, 2, 4)]
        tried = label_layer(layer.data.shape, ELSEWHERE)
        tried.paint_polygon(points, value)
        self.scene.stroke(layer, tried.data == value, value, lambda: layer.paint_polygon(points, value))

    @rule(image=some_image, key=some_layer, plane=some_plane, where=place, value=some_value)
    def fill(self, image, key, plane, where, value):
        layer = self.layer(image, key)
        if layer is not None:
            at = (*self.scene.target(image, plane).plane, *where[:2])
            self.scene.fill(layer, at, (key or 1) if value is None else value)

    @rule(image=some_image, key=some_layer, again=st.booleans())
    def press_undo(self, image, key, again):
        layer = self.layer(image, key)
        if layer is not None:
            self.scene.undo(layer, again=again)

    @rule(image=some_image, plane=some_plane, class_id=st.sampled_from((0, *CLASSES)), where=place)
    def give_region(self, image, plane, class_id, where):
        if class_id in self.scene.session.locked:
            with pytest.raises(CliptraseError):
                self.scene.give(image, plane, rectangle(where), class_id)
            return
        self.scene.give(image, plane, rectangle(where), class_id)
        self.live = None

    # -- the class table and the layer list ---------------------------------------------------------------------------

    @rule(class_id=some_class)
    def lock_or_unlock(self, class_id):
        session = self.scene.session
        if class_id in session.prompts.ids:
            session.locked = session.locked ^ {class_id}

    @rule(class_id=some_class, solo=st.booleans())
    def show_or_hide(self, class_id, solo):
        visibility = self.scene.bench.visibility
        if solo:
            visibility.set_solo(None if visibility.solo == class_id else class_id)
        else:
            visibility.hide(class_id, class_id not in visibility.hidden)

    @rule(class_id=some_class, number=st.integers(0, 3))
    def rename(self, class_id, number):
        session = self.scene.session
        if class_id in session.prompts.ids:
            session.prompts = session.prompts.renamed(class_id, f"class {class_id} {'abcd'[number]}")

    @rule(class_id=some_class)
    def remove_class_or_bring_it_back(self, class_id):
        session = self.scene.session
        if class_id not in session.prompts.ids:
            entry = ALL.get(class_id)
            session.prompts = type(ALL)((*session.prompts.classes, entry))
        elif class_id not in session.locked:
            session.prompts = session.prompts.removed(class_id)
            self.scene.layers.drop_class(class_id)

    @rule(image=some_image, key=some_layer)
    def delete_layer(self, image, key):
        layer = self.layer(image, key)
        if layer is not None:
            self.scene.delete(layer)

    # -- the model ----------------------------------------------------------------------------------------------------

    @rule(image=some_image, plane=some_plane, seed=labelling, output=some_output, mode=st.sampled_from(MergeMode))
    def run(self, image, plane, seed, output, mode):
        results = self.scene.results(image, [plane], [labels_of(seed)])
        self.scene.write(image, results, output=output, mode=mode)
        self.live = None

    @rule(seed=labelling, output=some_output)
    def run_all_planes(self, seed, output):
        results = self.scene.results(1, range(PLANES), [labels_of(seed + plane) for plane in range(PLANES)])
        self.scene.write(1, results, output=output)
        self.live = None

    @rule(image=some_image, plane=some_plane, seed=labelling)
    def score_live(self, image, plane, seed):
        if self.live_at != (image, self.scene.target(image, plane).plane):
            self.live = None
        results = self.scene.results(image, [plane], [nearly(seed)], "New scores")
        self.live = self.scene.write(image, results, instead_of=self.live)
        self.live_at = image, self.scene.target(image, plane).plane

    @rule(image=some_image, plane=some_plane, seed=labelling, steps=st.integers(1, 6))
    def cancel_scores(self, image, plane, seed, steps):
        if self.live_at != (image, self.scene.target(image, plane).plane):
            self.live = None
        results = self.scene.results(image, [plane], [nearly(seed)], "New scores")
        self.scene.write(image, results, instead_of=self.live, stroke=(steps, None))

    @rule(seed=labelling, steps=st.integers(1, 9), key=some_class, where=place, erase=st.booleans())
    def paint_during_a_run(self, seed, steps, key, where, erase):
        results = self.scene.results(1, range(PLANES), [labels_of(seed + plane) for plane in range(PLANES)])
        painted = self.scene.on(self.scene.target(1, seed), rectangle(where))

        def stroke():
            layer = self.layer(1, key)
            if layer is not None:
                value = 0 if erase else key
                paint = np.nonzero(painted), value
                self.scene.stroke(layer, painted, value, lambda: layer.data_setitem(*paint))

        self.scene.write(1, results, stroke=(steps, stroke))
        self.live = None

    @precondition(lambda self: self.scene.layers.last_run is not None)
    @rule()
    def undo_last_run(self):
        self.scene.undo_run()

    @invariant()
    def all_holds(self):
        QApplication.processEvents()
        self.scene.check()


People.TestCase.settings = settings(
    max_examples=max(1, ACTIONS // STEPS),
    phases=[phase for phase in Phase if phase is not Phase.explain],
    stateful_step_count=STEPS,
    derandomize=ACTIONS_ASKED is None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


@pytest.mark.usefixtures("qapp")
class TestAnySequence(People.TestCase):
    pass
