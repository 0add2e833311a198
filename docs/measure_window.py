"""Measure in the real window what a person waits for, from pressing Run to the last layer on the screen.

    python docs/measure_window.py                   # needs a display; on a server: xvfb-run -a python ...
    python docs/measure_window.py --size 2048 --planes 50
    python docs/measure_window.py --at-once         # Run is pressed before the dock has imported what it needs

Prints seconds, and each as a ratio to ``import torch`` in a fresh process, timed in turn: other programs make
everything longer, and ratios less so. *Block* is the longest time for which the window stood still.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.first_look import first_look
from napari_cliptrase.demo.motion import paint_film
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.plugin.run.jobs import Job
from napari_cliptrase.plugin.state.plane_source import Planes
from napari_cliptrase.plugin.workbench import workbench_of

PATIENCE = 900
QUIET = 0.5
SEEDS = 183
MANY_CLASSES = 111
"""A scene that shows eight classes."""


class Pulse:
    """Beats every few milliseconds in the thread of the window and keeps the longest time between two beats."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def begin(self) -> None:
        self._last, self.longest = time.perf_counter(), 0.0

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now


class Window:
    """A viewer with the dock, as a person has it."""

    def __init__(self, *, at_once: bool) -> None:
        self.viewer = napari.Viewer()
        self.bench = workbench_of(self.viewer)
        self.pulse = Pulse()
        self.drawn = 0.0
        self.dock: Any = self.viewer.window.add_plugin_dock_widget("napari-cliptrase", "Segment by text")[1]
        self.dock.model.choose("demo")
        self.bench.session.prompts = PromptSet.parse(first_look()[1])
        # vispy tells when it has drawn the canvas; napari has no public name for it
        canvas = self.viewer.window._qt_viewer.canvas  # noqa: SLF001
        canvas._scene_canvas.events.draw.connect(self._on_draw, position="last")  # noqa: SLF001
        self.live(lambda: False, QUIET)
        self.pulse.begin()
        begun = time.perf_counter()
        if not at_once:
            self.live(lambda: self.bench.preparation.done)
        self.prepared = time.perf_counter() - begun, self.pulse.longest
        self.live(lambda: False, 0 if at_once else 2)

    def _on_draw(self, _event: Any) -> None:
        self.drawn = time.perf_counter()

    def live(self, done: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Let the window live until something is the case."""
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.001)

    def show(self, name: str, image: np.ndarray) -> None:
        """Open an image and choose it."""
        self.bench.session.image = self.viewer.add_image(image, name=name, rgb=True)
        self.live(lambda: False, QUIET)

    def run(self, planes: Planes = Planes.SHOWN) -> tuple[float, float]:
        """Press Run; return seconds until everything is on the screen, and the longest block."""
        before = self.bench.session.segmented
        self.dock.image.planes.value = planes
        self.pulse.begin()
        begun = time.perf_counter()
        job: Job = self.dock.run()
        self.live(lambda: not job.running)
        if self.bench.session.segmented is before:
            raise SystemExit("The run failed.")
        self.live(lambda: False, QUIET)
        return self.drawn - begun, self.pulse.longest

    def teach(self) -> tuple[float, float]:
        """Give a disc to the next class while learning is on; return seconds until the screen shows what it taught."""
        bench, session = self.bench, self.bench.session
        session.examples.learning = session.examples.at_once = True
        self.live(lambda: bench.learner.idle and bench.jobs.idle)
        target = session.encoded.source.target
        labels, _ = bench.layers.combined(target)
        height, width = target.shape
        rows, columns = np.ogrid[:height, :width]
        disc = np.hypot(rows - height / 2, columns - width / 2) < height / 8
        class_id = int(labels[height // 2, width // 2]) % len(session.prompts) + 1
        self.pulse.begin()
        begun = time.perf_counter()
        bench.layers.assign(target, disc, class_id)
        self.live(lambda: bool(bench.jobs.running()), 1)
        self.live(lambda: bench.learner.idle and bench.jobs.idle)
        learned = time.perf_counter()
        self.live(lambda: self.drawn > learned, QUIET)
        session.examples.learning = False
        bench.learner.undo()
        return max(self.drawn, learned) - begun, self.pulse.longest

    def move_threshold(self) -> tuple[float, float]:
        """Ask for a higher probability, which writes all layers; return seconds until then and the longest block."""
        session, jobs = self.bench.session, self.bench.jobs
        self.live(lambda: jobs.idle)
        before = session.segmented
        self.pulse.begin()
        begun = time.perf_counter()
        session.settings = replace(session.settings, threshold=0.5)
        self.live(lambda: session.segmented is not before and jobs.idle, 20)
        self.live(lambda: False, QUIET)
        seconds, block = self.drawn - begun, self.pulse.longest
        session.settings = replace(session.settings, threshold=0.0)
        self.live(lambda: jobs.idle)
        return seconds, block

    def undo(self) -> float:
        """Take the last run back; return the longest block."""
        self.pulse.begin()
        self.dock.undo_last_run()
        self.live(lambda: False, QUIET)
        return self.pulse.longest


def import_torch() -> float:
    """Seconds that a fresh process needs to import torch."""
    code = "import time; begun = time.perf_counter(); import torch; print(time.perf_counter() - begun)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, help="side of the images in pixels (504 × 672)")
    parser.add_argument("--images", type=int, default=3, help="how many new images after the first (3)")
    parser.add_argument(
        "--planes", type=int, default=0, help="planes of a stack of 252 × 336 that is segmented at last"
    )
    parser.add_argument(
        "--at-once",
        action="store_true",
        help="press Run when the dock has just opened, as nobody can who types classes",
    )
    chosen = parser.parse_args()
    size = (chosen.size, chosen.size) if chosen.size else (504, 672)
    torch = import_torch()
    print(f"import torch                  {torch:6.2f} s")

    def tell(what: str, seconds: float, block: float) -> None:
        print(
            f"{what:<28}  {seconds:6.2f} s  {seconds / torch:5.2f} ×  longest block {1000 * block:5.0f} ms", flush=True
        )

    window = Window(at_once=chosen.at_once)
    tell("imports beside the window", *window.prepared)
    for number in range(1 + chosen.images):
        window.show(f"image {number}", paint_scene(SEEDS + number, size).image)
        tell("first run of the process" if number == 0 else f"new image {number}", *window.run())
    scene = paint_scene(MANY_CLASSES, size)
    present = [entry for entry in scene.classes.classes if (scene.labels == entry.id).any()]
    window.bench.session.prompts = PromptSet.from_names(*(entry.name for entry in present))
    window.show(f"{len(present)} classes", scene.image)
    tell(f"{len(present)} classes", *window.run())
    tell("another threshold for them", *window.move_threshold())
    tell("a disc that teaches", *window.teach())
    block = window.undo()
    tell("undo", block, block)
    if chosen.planes:
        window.show("stack", paint_film(0, chosen.planes, (252, 336)).images)
        tell(f"{chosen.planes} planes", *window.run(Planes.ALL))
        block = window.undo()
        tell(f"undo of {chosen.planes} planes", block, block)
    print(f"import torch                  {import_torch():6.2f} s")
    window.viewer.close()


if __name__ == "__main__":
    main()
