"""The docks as napari opens them."""

import subprocess
import sys

import pytest
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy

from napari_cliptrase.plugin.docks import SegmentByText
from napari_cliptrase.plugin.workbench import workbench_of

OPEN = """
import sys, numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication
app = QApplication([])
from napari_cliptrase.plugin.docks import {0}
viewer = ViewerModel()
dock = {0}(viewer)
viewer.add_image(np.zeros((8, 8)))
print("torch" in sys.modules)
"""


@pytest.mark.parametrize(
    "dock", ["SegmentByText", "RefineBoundaries", "ExplorePatches", "ExportMasks", "AnnotateFolder", "CompareWithTruth"]
)
def test_opening_a_dock_does_not_import_torch(dock):
    found = subprocess.run([sys.executable, "-c", OPEN.format(dock)], capture_output=True, text=True, check=True)
    assert found.stdout.split()[-1] == "False"


def test_a_dock_works_on_the_workbench_of_its_viewer(qtbot):
    viewer = ViewerModel()
    dock = SegmentByText(PublicOnlyProxy(viewer))
    qtbot.addWidget(dock)
    dock.classes.add_text("cat")
    assert workbench_of(viewer).session.prompts.ids == (1,)
