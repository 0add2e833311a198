"""The first run of a fresh process, as a person meets it: how long the window stood still in each part of the work.

python first_run.py; prints one line of JSON, milliseconds of the longest block by part: start, encode, write; and
napari: what napari takes for two label layers of the same size, afterwards in the same process: the yardstick.
"""

import json
import sys
import time

import napari
import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.plugin.workbench import workbench_of

CLASSES = ("sky", "mountain", "sea", "grass", "road", "sun", "tree", "balloon")
"""What scene 6 of the painted world holds."""
SCENE = 6
SIDE = 2048
EVERY = 5
PATIENCE = 300


class Pulse:
    """Beats every few milliseconds in the GUI thread and keeps the longest time between two beats of each part."""

    def __init__(self) -> None:
        self.part = "start"
        self.longest: dict[str, float] = {}
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setInterval(EVERY)
        self._timer.timeout.connect(self.beat)
        self._timer.start()

    def beat(self) -> None:
        now = time.perf_counter()
        self.longest[self.part] = max(self.longest.get(self.part, 0), 1000 * (now - self._last))
        self._last = now

    def enter(self, part: str) -> None:
        self.beat()
        self.part = part


def large_scene() -> np.ndarray:
    """(2048, 2048, 3) uint8"""
    scene = paint_scene(SCENE, (504, 504)).image
    return np.ascontiguousarray(np.kron(scene, np.ones((5, 5, 1), np.uint8))[:SIDE, :SIDE])


def live(done, seconds=PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def napari_milliseconds(viewer: napari.Viewer) -> float:
    """The time for two label layers of the image's size, made and drawn with nothing else at work."""
    start = time.perf_counter()
    for _ in range(2):
        viewer.add_labels(np.ones((SIDE, SIDE), np.uint8))
        QApplication.processEvents()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    viewer = napari.Viewer(show=True)
    workbench = workbench_of(viewer)
    session = workbench.session
    session.image = viewer.add_image(large_scene(), rgb=True, name="large")
    session.prompts = PromptSet.from_names(*CLASSES)
    _, dock = viewer.window.add_plugin_dock_widget("napari-cliptrase", "Segment by text")
    dock.model.choose("demo")
    live(lambda: False, 2)  # until the window has been drawn

    pulse = Pulse()
    job = dock.run()
    job.progressed.connect(lambda progress: pulse.enter("encode") if progress.text.startswith("encoding") else None)
    # the worker has ended when its outcome arrives, and with it the part that must not block at all
    write, job.use = job.use, lambda outcome: (pulse.enter("write"), write(outcome))[1]
    live(lambda: session.segmented is not None)
    live(lambda: not workbench.jobs.running())
    live(lambda: False, 0.5)
    pulse.beat()
    layers = len(viewer.layers) - 1
    found = {"layers": layers, "napari": round(napari_milliseconds(viewer))}
    found |= {part: round(block) for part, block in pulse.longest.items()}
    sys.stdout.write(json.dumps(found) + "\n")
    viewer.close()


if __name__ == "__main__":
    main()
