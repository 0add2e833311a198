"""A person whose disk is full when they close napari: ``python refused_painter.py FOLDER FILLER LABELS``.

Paints on the first image of a folder, fills the disk by writing the file ``FILLER``, paints again, and closes the
window. What the layer held at the end is in the file ``LABELS``.
"""

import sys
import time

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from napari_cliptrase.plugin.workbench import workbench_of

PATIENCE = 400


def wait(done):
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise SystemExit("It did not happen.")
        QApplication.processEvents()
        time.sleep(0.002)


def paint(layer, row):
    """Draw what does not compress, 40 rows high."""
    noise = np.random.default_rng(row).integers(0, 2, (40, layer.data.shape[1]))
    with layer.block_history():
        layer.data_setitem((*np.indices(noise.shape) + np.array([row, 0])[:, None, None],), noise)


def fill(path):
    with open(path, "wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"0" * 4096)
        except OSError:
            pass


def main(folder, filler, labels):
    viewer = napari.Viewer(show=True)
    viewer.window.add_plugin_dock_widget("napari-cliptrase", "Annotate folder")
    workbench = workbench_of(viewer)
    work = workbench.folder
    work.state.pre_annotating = False
    work.open(folder)
    wait(lambda: work.state.shown is not None and work.idle)
    layer = workbench.layers.class_layers(work.visits.image)[1]
    paint(layer, 0)
    wait(lambda: work.saver.idle)
    fill(filler)
    paint(layer, 40)
    wait(lambda: work.state.save_status.problem is not None)
    layer.data.astype(np.uint8).tofile(labels)
    viewer.close()
    wait(lambda: work.state.project is None)


if __name__ == "__main__":
    main(*sys.argv[1:])
