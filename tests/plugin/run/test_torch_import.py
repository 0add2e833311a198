import subprocess
import sys

import pytest

DOCK = """
import sys, numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication
app = QApplication([])
from napari_cliptrase.plugin.widgets.{0}.{0}_dock import {1}
viewer = ViewerModel()
dock = {1}(viewer)
viewer.add_image(np.zeros((8, 8)))
print("torch" in sys.modules)
"""


@pytest.mark.parametrize(
    ("room", "dock"), [("segment", "SegmentDock"), ("export", "ExportDock"), ("explore", "ExploreDock")]
)
def test_opening_a_dock_does_not_import_torch(room, dock):
    found = subprocess.run([sys.executable, "-c", DOCK.format(room, dock)], capture_output=True, text=True, check=True)
    assert found.stdout.split()[-1] == "False"


def test_torch_can_be_imported_beside_a_window_drawn_in_software():
    """Mesa's LLVM and triton's in one process end it with a segmentation fault unless they are kept apart."""
    code = """
import napari, numpy
from qtpy.QtWidgets import QApplication
viewer = napari.Viewer()
viewer.add_image(numpy.zeros((8, 8)))
QApplication.processEvents()
from napari_cliptrase.plugin.run.torch_import import make_torch_safe
make_torch_safe()
import torchvision
print("alive")
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stdout.split()[-1:] == ["alive"], found.stderr[-2000:]
