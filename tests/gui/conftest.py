"""A real napari window for the tests that need one."""

from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.plugin.workbench import workbench_of

TOY_MODEL = Path(__file__).parents[1] / "data" / "golden" / "toyclip"
PATIENCE = 120_000


class Window:
    """A napari window as a plugin gets it (a proxy), with our docks."""

    def __init__(self, viewer, qtbot):
        self.viewer = viewer
        self.workbench = workbench_of(viewer)
        self.session = self.workbench.session
        self.qtbot = qtbot

    def dock(self, name):
        _, widget = self.viewer.window.add_plugin_dock_widget("napari-cliptrase", name)
        return widget

    def idle(self):
        self.qtbot.waitUntil(lambda: not self.workbench.jobs.running(), timeout=PATIENCE)

    def wait(self, done):
        self.qtbot.waitUntil(done, timeout=PATIENCE)

    def segment(self, model=f"local-dir:{TOY_MODEL}"):
        dock = self.dock("Segment by text")
        dock.model.choose(model)
        dock.run()
        self.idle()
        assert self.session.segmented is not None
        return dock

    def labels(self):
        return self.workbench.layers.combined(self.session.segmented.source.target)[0]


@pytest.fixture
def window(make_napari_viewer_proxy, qtbot):
    window = Window(make_napari_viewer_proxy(show=True), qtbot)
    yield window
    window.workbench.jobs.cancel()
    window.idle()


@pytest.fixture
def picture():
    """(96, 128, 3) uint8: a sky with a disc over a meadow."""
    picture = np.full((96, 128, 3), (120, 170, 230), np.uint8)
    picture[56:] = (60, 140, 50)
    rows, columns = np.ogrid[:96, :128]
    picture[(rows - 28) ** 2 + (columns - 90) ** 2 < 18**2] = (240, 200, 40)
    return picture
