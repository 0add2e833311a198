"""A person who paints on the images of a folder in a napari window, until the process is killed.

python folder_painter.py FOLDER SEED; prints a line for each stroke, undo or step once it was made: its number, the
image, and the pixels that carry the number. A stroke spells its number into the first pixels of the mask.
"""

import random
import sys
import time

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from napari_cliptrase.plugin.workbench import workbench_of

DIGITS = 12
EVERY = 0.03


def main() -> None:
    folder, seed = sys.argv[1], int(sys.argv[2])
    chance = random.Random(seed)
    viewer = napari.Viewer(show=False)
    workbench = workbench_of(viewer)
    work, state = workbench.folder, workbench.folder.state
    state.pre_annotating = False
    work.open(folder)

    def live(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.001)

    while state.shown is None:
        live(0.01)
    step = 0
    while True:
        live(EVERY)
        if state.opening is not None or not work.visits.idle:
            continue
        kind = chance.choices(["paint", "undo", "next"], [12, 3, 1])[0]
        if kind == "next":
            work.go(chance.choice(state.order))
            continue
        step += 1
        layer = workbench.layers.class_layers(work.visits.image)[1]
        if kind == "undo":
            layer.undo()
        else:
            digits = np.array([step >> digit & 1 for digit in range(DIGITS)])
            with layer.block_history():
                layer.data_setitem((np.zeros(DIGITS, int), np.arange(DIGITS)), digits)
                layer.paint((chance.randrange(4, 30), chance.randrange(60)), 1)
        sys.stdout.write(f"{time.time()} {state.shown} {''.join(map(str, layer.data[0, :DIGITS]))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
