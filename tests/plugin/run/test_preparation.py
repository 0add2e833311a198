"""While a dock is open and nothing runs yet, everything slow is imported."""

import subprocess
import sys

import pytest

OPEN = """
import sys, time
import napari
from qtpy.QtWidgets import QApplication
from napari_cliptrase.plugin.workbench import workbench_of

viewer = napari.Viewer()
bench = workbench_of(viewer)
viewer.window.add_plugin_dock_widget("napari-cliptrase", {dock!r})
assert "torch" not in sys.modules, "opening a dock waits for torch"
assert not bench.preparation.done
while not bench.preparation.done:
    QApplication.processEvents()
    time.sleep(0.001)
known = set(sys.modules)
print("torch" in known)

import numpy as np
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.run.segmentation import RUN
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import ModelChoice

bench.session.image = image = viewer.add_image(np.zeros((64, 64, 3), np.uint8), rgb=True)
bench.session.prompts = PromptSet.from_names("sky", "sea")
job = bench.runner.run(plane_source_of(viewer, image, 0), ModelChoice("demo"))
while job.running:
    QApplication.processEvents()
    time.sleep(0.001)
print(bench.session.segmented is not None)
print(sum(name.startswith(("torch.", "pandas.")) for name in set(sys.modules) - known))
viewer.close()
"""


@pytest.mark.parametrize("dock", ["Segment by text", "Annotate folder"])
def test_the_first_run_finds_everything_imported(dock):
    done = subprocess.run([sys.executable, "-c", OPEN.format(dock=dock)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    torch, segmented, later = done.stdout.split()[-3:]
    assert (torch, segmented) == ("True", "True")
    assert int(later) < 20, "torch or pandas was imported by the run"
