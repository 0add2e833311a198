"""The machine of actions in the real window: real runs, live scores and docks, which come and go.

`tests/plugin/layers/test_any_sequence.py` tries many more actions without a window; both share one account of what a
person said. `NAPARI_CLIPTRASE_WINDOW_ACTIONS` asks for a number of other actions than those of a normal run.
"""

import os
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import napari
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication
from scene import CLASSES, Scene

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.state.plane_source import Planes, plane_source_of
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column

TOY = ModelChoice(f"local-dir:{Path(__file__).parents[1] / 'data' / 'golden' / 'toyclip'}")
ASKED = os.environ.get("NAPARI_CLIPTRASE_WINDOW_ACTIONS")
ACTIONS, STEPS = int(ASKED or 200), 40
SIDE, PLANES = 64, 2
PATIENCE = 120
NAMES = ("Segment by text", "Refine boundaries", "Explore patches", "Export masks")
MINIMUMS = (0.0, 0.3, 0.5, 0.95)

some_class = st.sampled_from(CLASSES)
some_image = st.sampled_from((0, 1))
corner = st.integers(0, SIDE - 1)


def picture(*shape):
    return np.kron(
        np.random.default_rng(1).integers(0, 255, (*shape, 4, 4), np.uint8), np.ones((SIDE // 4,) * 2, np.uint8)
    )


class PeopleInWindow(RuleBasedStateMachine):
    @initialize()
    def open_the_window(self):
        self.viewer = napari.Viewer(show=True)
        self.scene = Scene(self.viewer, np.moveaxis(picture(3), 0, -1), picture(PLANES))
        self.bench, self.session = self.scene.bench, self.scene.session
        self.docks = {}
        self.session.image = self.scene.images[0]
        self.open_or_close_a_dock(NAMES[0])
        self.run(whole=False)

    def teardown(self):
        self.bench.jobs.cancel()
        self.wait()
        self.viewer.close()

    def wait(self):
        end = time.monotonic() + PATIENCE
        while not (self.bench.runner.idle and self.bench.jobs.idle):
            assert time.monotonic() < end, "a job does not end"
            QApplication.processEvents()
            time.sleep(0.002)
        QApplication.processEvents()

    @contextmanager
    def work_of_the_model(self):
        """Locked classes stay, and what a person said."""
        with self.scene.locked_stay():
            yield
            self.wait()
        self.scene.said.settle()

    @property
    def shown(self):
        """Number and plane of the image that is chosen."""
        image = self.scene.images.index(self.session.image)
        return image, plane_source_of(self.viewer, self.session.image, 0).target.plane[-1] if image else 0

    def shown_layer(self, class_id):
        return self.scene.found(self.shown[0]).get(class_id)

    # -- people -------------------------------------------------------------------------------------------------------

    @rule(class_id=some_class, row=corner, column=corner, erase=st.booleans())
    def brush(self, class_id, row, column, erase):
        layer = self.shown_layer(class_id)
        if layer is None:
            return
        image, plane = self.shown
        mask = np.zeros((SIDE, SIDE), bool)
        mask[row : row + 3, column : column + 3] = True
        mask, value = self.scene.on(self.scene.target(image, plane), mask), 0 if erase else class_id

        def paint():
            layer.brush_size = 1
            with layer.block_history():
                for pixel in np.argwhere(mask):
                    layer.paint(tuple(pixel), value)

        self.scene.stroke(layer, mask, value, paint)

    @rule(class_id=some_class, again=st.booleans())
    def press_undo(self, class_id, again):
        layer = self.shown_layer(class_id)
        if layer is not None:
            self.scene.undo(layer, again=again)

    @rule(class_id=st.sampled_from((0, *CLASSES)), top=corner, left=corner)
    def accept_a_mask(self, class_id, top, left):
        mask = np.zeros((SIDE, SIDE), bool)
        mask[top : top + 20, left : left + 20] = True
        if class_id in self.session.locked:
            with pytest.raises(CliptraseError):
                self.scene.give(*self.shown, mask, class_id)
        else:
            self.scene.give(*self.shown, mask, class_id)

    @rule(class_id=some_class)
    def lock_or_unlock(self, class_id):
        self.session.locked = self.session.locked ^ {class_id}

    @rule(class_id=some_class, solo=st.booleans())
    def show_or_hide(self, class_id, solo):
        visibility = self.bench.visibility
        if solo:
            visibility.set_solo(None if visibility.solo == class_id else class_id)
        else:
            visibility.hide(class_id, class_id not in visibility.hidden)

    @rule(class_id=some_class)
    def delete_layer(self, class_id):
        layer = self.shown_layer(class_id)
        if layer is not None:
            self.scene.delete(layer)

    @rule(name=st.sampled_from(NAMES))
    def open_or_close_a_dock(self, name):
        dock = self.docks.pop(name, None)
        if dock is None:
            _, self.docks[name] = self.viewer.window.add_plugin_dock_widget("napari-cliptrase", name)
        else:
            self.viewer.window.remove_dock_widget(dock)
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.wait()

    @rule(image=some_image, plane=st.integers(0, PLANES - 1))
    def look_at(self, image, plane):
        with self.work_of_the_model():
            self.session.image = self.scene.images[image]
            self.viewer.dims.set_current_step(0, plane)

    # -- the model ----------------------------------------------------------------------------------------------------

    @rule(whole=st.booleans())
    def run(self, whole):
        source = plane_source_of(self.viewer, self.session.image, 0)
        with self.work_of_the_model():
            self.bench.runner.run(source, TOY, planes=Planes.ALL if whole else Planes.SHOWN)

    @rule(class_id=some_class, synonym=st.sampled_from(("cat", "puppy", "sky", "house")))
    def rename(self, class_id, synonym):
        with self.work_of_the_model():
            self.session.prompts = self.session.prompts.renamed(class_id, f"{synonym} {class_id}")

    @rule(minimum=st.sampled_from(MINIMUMS), class_id=st.sampled_from((None, *CLASSES)))
    def set_minimum(self, minimum, class_id):
        with self.work_of_the_model():
            if class_id is None:
                self.session.settings = replace(self.session.settings, threshold=minimum)
            else:
                self.session.prompts = self.session.prompts.replaced(class_id, threshold=minimum or None)

    @precondition(lambda self: self.scene.layers.last_run is not None)
    @rule()
    def undo_last_run(self):
        self.scene.undo_run()

    # -- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def all_holds(self):
        QApplication.processEvents()
        self.scene.check()
        dock = self.docks.get(NAMES[0])
        if dock is not None and self.session.segmented is not None:
            self.check_table(dock.classes)

    def check_table(self, panel):
        panel.count()
        areas = self.scene.layers.areas(self.session.segmented.source.target)
        model = panel.model
        for class_id in CLASSES:
            shown = model.data(model.index(model.row_of(class_id), Column.AREA))
            share = areas.get(class_id, 0)
            assert (shown == "none") == (share == 0), (class_id, shown, share)
            if 0.001 <= share < 0.9995:
                assert shown == f"{100 * share:.1f} %"


PeopleInWindow.TestCase.settings = settings(
    max_examples=max(1, ACTIONS // STEPS),
    phases=[Phase.explicit, Phase.generate] if ASKED is None else [Phase.explicit, Phase.generate, Phase.shrink],
    stateful_step_count=STEPS,
    derandomize=ASKED is None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


@pytest.mark.slow
@pytest.mark.usefixtures("qapp")
class TestAnySequenceInWindow(PeopleInWindow.TestCase):
    pass
