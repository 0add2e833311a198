"""How long the window stands still while a folder is annotated, in a process of its own.

python folder_pulse.py FOLDER; prints one line of JSON, medians of a few times each.

napari               seconds of work that napari needs for one image and one label layer of that size, the yardstick
arrive, complete     seconds until the next image can be worked on, and until all of its layers are there
arrive_work          seconds of work of the window's thread until then, whatever else the computer does; complete_work
go                   milliseconds of the longest block while going on
save, save_most      milliseconds of work in the longest call that a stroke or undo on 4096 x 4096 pixels leads to
switch               milliseconds of work until another class of six is chosen on 4096 x 4096 pixels, drawing included
threshold            milliseconds of work in the longest step of writing a moved threshold, six layers of 4096 x 4096
write, rest          milliseconds of the longest block while the other thread writes, and while nothing happens at all
filter, filter_most  milliseconds of the longest block while a list of 5,000 is filtered or searched
open_many            seconds until a new project of 5,000 images is open
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import napari
import numpy as np
from PIL import Image
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.run.folder_work import NewProject
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.workbench import workbench_of
from napari_cliptrase.project.image_filter import ImageFilter
from napari_cliptrase.project.project import Project

CLASSES = "sky\nmountain\nsea\ngrass\nroad\nsun\ntree"
SCENES = 6
LARGE = 4096
MANY = 5000
PATIENCE = 300


class Pulse:
    """Beats in the GUI thread whenever that is free, and keeps the longest time between two beats."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._longest = 0.0
        self._timer = QTimer()
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self._longest = max(self._longest, now - self._last)
        self._last = now

    def start(self) -> None:
        self._longest, self._last = 0.0, time.perf_counter()

    def longest(self) -> float:
        """Milliseconds since the start."""
        self._beat()
        return 1000 * self._longest


def live(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise SystemExit("It did not happen.")
        QApplication.processEvents()


def settle(seconds: float) -> None:
    """Let napari draw what it put off, which would count with what comes next; nothing tells when it has drawn."""
    end = time.monotonic() + seconds
    live(lambda: time.monotonic() > end)


def scenes(folder: Path) -> Path:
    folder.mkdir()
    for number in range(SCENES):
        Image.fromarray(paint_scene(number + 5, (336, 448)).image).save(folder / f"scene{number}.png")
    return folder


def napari_work(viewer: napari.Viewer) -> float:
    """Seconds of work for the least that an annotator must see: an image and one layer of labels, added and drawn."""
    image = paint_scene(5, (336, 448)).image
    times = []
    for _ in range(SCENES):
        start = time.thread_time()
        viewer.add_image(image)
        viewer.add_labels(np.ones(image.shape[:2], np.uint8))
        QApplication.processEvents()
        times.append(time.thread_time() - start)
        viewer.layers.clear()
        settle(0.1)
    return round(statistics.median(times[1:]), 3)


def going_on(viewer: napari.Viewer, folder: Path, pulse: Pulse) -> dict[str, float]:
    """Go from image to image; each was read and segmented while the one before was on show."""
    work = workbench_of(viewer).folder
    state = work.state
    work.open(folder, NewProject())
    live(lambda: state.shown is not None and work.idle)
    settle(0.5)
    arrive, complete, blocks, worked, worked_all = [], [], [], [], []
    for _ in range(SCENES - 1):
        live(lambda: work.idle)
        settle(0.3)
        following = state.neighbour(1)
        pulse.start()
        start, start_work = time.perf_counter(), time.thread_time()
        work.step(1)
        while state.shown != following:
            QApplication.processEvents()
            time.sleep(0.001)
        arrive.append(time.perf_counter() - start)
        worked.append(time.thread_time() - start_work)
        while not work.visits.idle:
            QApplication.processEvents()
            time.sleep(0.001)
        complete.append(time.perf_counter() - start)
        worked_all.append(time.thread_time() - start_work)
        blocks.append(pulse.longest())
    work.close()
    return {
        "arrive": round(statistics.median(arrive[1:]), 3),
        "arrive_work": round(statistics.median(worked[1:]), 3),
        "complete_work": round(statistics.median(worked_all[1:]), 3),
        "complete": round(statistics.median(complete[1:]), 3),
        "go": round(statistics.median(blocks[1:])),
    }


def saving(viewer: napari.Viewer, folder: Path, pulse: Pulse) -> dict[str, float]:
    """Paint on a large image and undo; what napari itself needs for a stroke is not counted, only what comes after."""
    folder.mkdir()
    Image.fromarray(np.zeros((LARGE, LARGE, 3), np.uint8)).save(folder / "large.png", compress_level=1)
    labels = (np.arange(LARGE)[:, None] * 6 // LARGE + 1).astype(np.uint8).repeat(LARGE, 1)
    with Project.create(folder, PromptSet.parse(CLASSES)) as project:
        project.take_result("large.png", {(): labels})
    workbench = workbench_of(viewer)
    work = workbench.folder
    work.state.pre_annotating = False
    work.open(folder)
    live(lambda: work.state.shown is not None and work.idle)
    layer = workbench.layers.class_layers(work.visits.image)[1]
    layer.brush_size = 60
    settle(1)
    joined, beats, rests = [], [], []
    for number in range(8):
        if number % 4 == 3:
            layer.undo()
        else:
            with layer.block_history():
                for step in range(10):
                    layer.paint((1000 + 300 * number, 300 + 30 * step), 1)
        calls = []
        while not work.saver.untouched:  # what the timer would call; painting and drawing are napari's
            start = time.thread_time()
            work.saver.renew()
            calls.append(1000 * (time.thread_time() - start))
        joined.append(max(calls))
        settle(0.05)
        pulse.start()
        live(lambda: work.idle)
        beats.append(pulse.longest())
        pulse.start()
        settle(0.3)
        rests.append(pulse.longest())
    switches = []
    for other in workbench.layers.class_layers(work.visits.image).values():
        start = time.thread_time()
        viewer.layers.selection.active = other
        QApplication.processEvents()
        switches.append(1000 * (time.thread_time() - start))
        settle(0.2)
    work.close()
    return {
        "switch": round(statistics.median(switches), 1),
        "save": round(statistics.median(joined), 1),
        "save_most": round(max(joined), 1),
        "write": round(statistics.median(beats), 1),
        "rest": round(statistics.median(rests), 1),
    }


def moving_a_threshold(viewer: napari.Viewer) -> dict[str, float]:
    """Take pixels from six classes of a large image and give them back; between two steps the window draws itself."""
    workbench = workbench_of(viewer)
    image = viewer.add_image(np.zeros((LARGE, LARGE, 3), np.uint8), name="large")
    target = plane_source_of(viewer, image, 0).target
    table = workbench.session.prompts.table()
    labels = (np.arange(LARGE)[:, None] * 6 // LARGE + 1).astype(np.uint8).repeat(LARGE, 1)
    sure = np.tile(np.abs(np.sin(np.arange(LARGE) / 90)), (LARGE, 1))
    longest, run = [], None
    for threshold in (0.0, 0.1, 0.3, 0.5, 0.2):
        found = np.where(sure < threshold, 0, labels).astype(np.uint8)
        steps = workbench.layers.write_planes([PlaneResult(target, found, table)], instead_of=run)
        work = [0.0]
        while True:
            start = time.thread_time()
            try:
                next(steps)
            except StopIteration as end:
                run = end.value
                break
            work.append(1000 * (time.thread_time() - start))
            QApplication.processEvents()
        longest.append(max(work))
    viewer.layers.clear()
    return {"threshold": round(statistics.median(longest[1:]), 1)}


def filtering(viewer: napari.Viewer, folder: Path, pulse: Pulse) -> dict[str, float]:
    """Filter and search a list of thousands in the dock, drawing included."""
    folder.mkdir()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "00000.png")
    first = (folder / "00000.png").read_bytes()
    for number in range(1, MANY):
        (folder / f"{number:05d}.png").write_bytes(first)
    work = workbench_of(viewer).folder
    _, dock = viewer.window.add_plugin_dock_widget("napari-cliptrase", "Annotate folder")
    start = time.perf_counter()
    dock.open(folder, NewProject())
    live(lambda: work.state.shown is not None and work.idle)
    opened = time.perf_counter() - start
    settle(1)
    blocks = []
    for which, text in (
        (ImageFilter.UNFINISHED, ""),
        (ImageFilter.NEW, "1"),
        (ImageFilter.ALL, "12"),
        (ImageFilter.ALL, ""),
    ):
        pulse.start()
        dock.filter.which.value = which
        dock.filter.search.setText(text)
        dock.filter.show_filter(which)
        settle(0.2)
        blocks.append(pulse.longest())
    work.close()
    return {
        "open_many": round(opened, 1),
        "filter": round(statistics.median(blocks)),
        "filter_most": round(max(blocks)),
    }


def main() -> None:
    folder = Path(sys.argv[1])
    viewer = napari.Viewer(show=True)
    workbench_of(viewer).session.prompts = PromptSet.parse(CLASSES)
    settle(1)
    pulse = Pulse()
    found = {"napari": napari_work(viewer)}
    found |= going_on(viewer, scenes(folder / "scenes"), pulse)
    found |= saving(viewer, folder / "large", pulse)
    found |= moving_a_threshold(viewer)
    found |= filtering(viewer, folder / "many", pulse)
    sys.stdout.write(json.dumps(found) + "\n")
    viewer.close()


if __name__ == "__main__":
    main()
