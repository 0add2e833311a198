"""A viewer without a window, and a folder of small images that is annotated in it."""

from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from PIL import Image
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.run import segment_write
from napari_cliptrase.plugin.run.folder_work import NewProject
from napari_cliptrase.plugin.workbench import workbench_of
from napari_cliptrase.project.project import Project

PATIENCE = 120_000
SHAPE = (40, 60)


def paint_images(folder: Path, count: int, shape=SHAPE) -> list[str]:
    """Save ``count`` images of noise; return their names."""
    names = [f"image{number:04d}.png" for number in range(count)]
    for number, name in enumerate(names):
        pixels = np.random.default_rng(number).integers(0, 256, (*shape, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return names


@pytest.fixture(autouse=True)
def every_layer_is_a_turn(monkeypatch):
    """Small pictures are written faster than a window's turn; tests look at what is between two layers."""
    monkeypatch.setattr(segment_write, "TURN", 0)


class Annotator:
    """A person who annotates a folder: a viewer, what belongs to it, and patience."""

    def __init__(self, qtbot, folder: Path) -> None:
        self.qtbot = qtbot
        self.folder = folder
        self.viewer = ViewerModel()
        self.bench = workbench_of(self.viewer)
        self.work = self.bench.folder
        self.state = self.work.state
        self.session = self.bench.session
        self.failures: list[str] = []
        self.work.failed.connect(lambda error: self.failures.append(str(error)))
        self.state.pre_annotating = False

    def open(self, new: NewProject | None = None) -> Project:
        """Open the folder and wait for its first image."""
        self.work.open(self.folder, new)
        self.wait(lambda: self.state.shown is not None or self.state.blocked is not None)
        self.settle()
        return self.state.project

    def wait(self, done) -> None:
        self.qtbot.waitUntil(done, timeout=PATIENCE)

    def settle(self) -> None:
        """Wait until nothing is being read, written or prepared."""
        self.wait(lambda: self.work.idle)
        QApplication.processEvents()  # what was done may ask for more
        self.wait(lambda: self.work.idle)

    def go(self, name: str) -> None:
        self.work.go(name)
        self.wait(lambda: self.state.shown == name)
        self.settle()

    def layer(self, class_id: int):
        """The layer to paint a class on; one is made when there is none."""
        self.session.active_class = class_id
        return self.bench.layers.class_layers(self.work.visits.image)[class_id]

    def paint(self, class_id: int, row: int = 5, column: int = 5, size: int = 6) -> None:
        """One stroke on the layer of a class; 0 erases in the layer of class 1."""
        layer = self.layer(class_id or 1)
        layer.brush_size = size
        with layer.block_history():  # as the mouse does
            layer.paint((row, column), class_id)

    def saved(self, name: str):
        """Labels and provenance as they are on the disk."""
        self.settle()
        return self.state.project.read(name)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of three images."""
    paint_images(tmp_path, 3)
    return tmp_path


@pytest.fixture
def annotators(qtbot):
    """Make annotators of a folder; their folders are closed at the end."""
    made: list[Annotator] = []

    def make(folder: Path) -> Annotator:
        made.append(Annotator(qtbot, folder))
        return made[-1]

    yield make
    for annotator in made:
        annotator.work.stop()


@pytest.fixture
def annotator(annotators, photos) -> Annotator:
    """Somebody who has made a project of three images, with the classes cat, dog and cow."""
    person = annotators(photos)
    person.session.prompts = PromptSet.parse("cat\ndog\ncow")
    person.open(NewProject())
    return person
