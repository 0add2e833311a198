"""People who paint on the images of a folder in a napari window, each until the process is killed.

python folder_painter.py FOLDER MODEL; for each seed that it reads, a copy of this process paints, undoes, lets the
model run, marks images as done and goes on. A copy prints "pid" and its number, then a line for each thing it has done:
the time (see `served_time`), the image, and the pixels that spell the number of the stroke. "ended" is printed when it
was killed.
"""

import os
import random
import sys
import time
from pathlib import Path

import napari
import numpy as np
import torch
from qtpy.QtWidgets import QApplication

from napari_cliptrase.engine import segmenter  # noqa: F401  so that each copy has it
from napari_cliptrase.plugin.widgets.folder import folder_dock  # noqa: F401
from napari_cliptrase.plugin.widgets.segment import segment_dock  # noqa: F401
from napari_cliptrase.plugin.workbench import workbench_of
from napari_cliptrase.project.image_record import State

DIGITS = 12
EVERY = 0.03
DONE_WITH = 60.0  # seconds after which a copy ends, should nobody kill it


def live(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def served_time(pid: int) -> float:
    """Seconds of the clock, without those in which the window was ready to work and the computer served others.

    It is the time that counts on a computer that is shared: there, one second of the clock may hold hardly any work.
    """
    try:
        waited = int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except OSError:  # another system than Linux
        waited = 0.0
    return time.time() - waited


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Painter:
    """A person at one window."""

    def __init__(self, folder: str, model: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.viewer = napari.Viewer(show=True)
        self.workbench = workbench_of(self.viewer)
        _, self.dock = self.viewer.window.add_plugin_dock_widget("napari-cliptrase", "Segment by text")
        self.work, self.state = self.workbench.folder, self.workbench.folder.state
        self.state.pre_annotating = False
        self.work.open(folder)
        while self.state.shown is None:
            live(0.01)
        self.dock.model.choose(model)
        self.step = seed % 7 * 500
        self.undoable = 0
        self.here = ""

    def act(self) -> None:
        if self.state.opening is not None or not self.work.visits.idle:
            return
        name, kind = (
            self.state.shown,
            self.chance.choices(["paint", "undo", "run", "next", "done"], [20, 5, 2, 2, 1])[0],
        )
        if name != self.here:
            self.here, self.undoable = name, 0
        layer = self.workbench.layers.class_layers(self.work.visits.image)[1]
        digits = (slice(0, 1), slice(0, DIGITS))
        if kind == "next":
            self.work.go(self.chance.choice(self.state.order))
        elif kind == "run" and not self.workbench.jobs.running():
            self.dock.run()
        elif kind == "done":
            self.work.mark(State.DONE)
        elif kind == "undo" and self.undoable:
            layer.undo()
            self.undoable -= 1
            self.tell(name, layer)
        elif kind == "paint":
            self.step += 1
            bits = np.array([self.step >> digit & 1 for digit in range(DIGITS)])
            if not self.undoable:  # all of them are drawn by hand, so that no run of the model gives one a class
                with layer.block_history():
                    layer.data_setitem((np.zeros(DIGITS, int), np.arange(DIGITS)), np.ones(DIGITS, int))
                self.tell(name, layer)
            with layer.block_history():
                layer.data_setitem((np.zeros(DIGITS, int), np.arange(DIGITS)), bits)
                layer.paint((self.chance.randrange(8, 30), self.chance.randrange(60)), 1)
            assert (layer.data[digits][0] == bits).all()
            self.undoable += 1
            self.tell(name, layer)

    def tell(self, name: str, layer: object) -> None:
        say(served_time(os.getpid()), name, "".join(map(str, layer.data[0, :DIGITS])))


def paint(folder: str, model: str, seed: int) -> None:
    torch.set_num_threads(1)
    say("pid", os.getpid())
    painter = Painter(folder, model, seed)
    end = time.monotonic() + DONE_WITH
    while time.monotonic() < end:
        live(EVERY)
        painter.act()


def main(folder: str, model: str) -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            paint(folder, model, int(line))
            os._exit(0)
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
