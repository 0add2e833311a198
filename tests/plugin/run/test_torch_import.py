import subprocess
import sys


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
