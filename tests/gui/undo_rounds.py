"""Write a layer for each of six classes and undo that, several times, with the window drawn in between.

python undo_rounds.py; prints how many layers are left after each round.
"""

import sys
import time

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin import commands
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.workbench import workbench_of

ROUNDS = 4
SHAPE = (60, 80)


def draw(times: int = 3) -> None:
    """Let the window draw; the pause is for its timers, since drawing says nowhere that it has ended."""
    for _ in range(times):
        QApplication.processEvents()
        time.sleep(0.03)
        QApplication.processEvents()


def main() -> None:
    viewer = napari.Viewer(show=True)
    viewer.window.resize(700, 500)
    image = viewer.add_image(np.zeros((*SHAPE, 3), np.uint8), rgb=True)
    workbench = workbench_of(viewer)
    workbench.session.image, workbench.session.prompts = image, PromptSet.from_names(*"abcdef")
    target = plane_source_of(viewer, image, 0).target
    labels = (np.arange(SHAPE[0] * SHAPE[1]) % 7).reshape(SHAPE).astype(np.uint8)
    draw(10)
    for _ in range(ROUNDS):
        workbench.layers.write(PlaneResult(target, labels, workbench.session.prompts.table()))
        draw()
        commands.undo_last_run(viewer)
        draw()
        sys.stdout.write(f"{len(viewer.layers)}\n")
        sys.stdout.flush()
    viewer.close()


if __name__ == "__main__":
    main()
