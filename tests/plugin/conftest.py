"""A viewer without a window: a folder of small images that is annotated in it, and an image that teaches classes."""

from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from PIL import Image
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.run import segment_write
from napari_cliptrase.plugin.run.folder_work import NewProject
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import ModelChoice
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


TOY = ModelChoice(f"local-dir:{Path(__file__).parents[1] / 'data' / 'golden' / 'toyclip'}")
BLOCK = 24
"""Pixels of the blocks that the image is made of."""


class Pupil:
    """A viewer with a segmented image, whose learner is told to learn."""

    def __init__(self, qtbot) -> None:
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.bench = workbench_of(self.viewer)
        self.session, self.learner = self.bench.session, self.bench.learner
        self.examples = self.session.examples
        blocks = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8)
        self.image = self.viewer.add_image(np.kron(blocks, np.ones((BLOCK, BLOCK, 1), np.uint8)), rgb=True, name="a")
        self.session.image = self.image
        self.session.prompts = PromptSet.parse("cat\ndog\nsky")
        self.run()
        self.text_alone = self.labels()
        self.examples.learning = True

    def run(self) -> None:
        source = plane_source_of(self.viewer, self.image, self.session.version_of(self.image))
        self.bench.runner.run(source, TOY)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is learned, scored or written."""
        self.qtbot.waitUntil(lambda: self.learner.idle and self.bench.runner.idle, timeout=PATIENCE)

    @property
    def target(self):
        return self.session.encoded.source.target

    def labels(self):
        return self.bench.layers.combined(self.target)[0]

    def weakest(self) -> int:
        """The class with the fewest pixels that some have: strokes of it have something to teach."""
        sizes = np.bincount(self.text_alone.ravel(), minlength=4)[1:]
        return int(np.argmin(np.where(sizes > 0, sizes, sizes.max() + 1))) + 1

    def assign(self, class_id: int, part: tuple[slice, slice]) -> None:
        """Give a part of the image to a class, as the region tool does."""
        mask = np.zeros(self.target.shape, bool)
        mask[part] = True
        self.bench.layers.assign(self.target, mask, class_id, locked=self.session.locked)
        self.settle()

    def paint(self, class_id: int, part: tuple[slice, slice], value: int | None = None) -> None:
        """One stroke in the layer of a class."""
        rows, columns = np.mgrid[part]
        layer = self.bench.layers.class_layers(self.image)[class_id]
        layer.data_setitem((rows.ravel(), columns.ravel()), class_id if value is None else value)
        self.settle()

    def strongest_part(self) -> tuple[int, tuple[slice, slice]]:
        """Class with the fewest pixels, and a block that another class has."""
        class_id = self.weakest()
        other = self.text_alone != class_id
        shares = other.reshape(4, BLOCK, 6, BLOCK).mean((1, 3))
        row, column = np.unravel_index(shares.argmax(), shares.shape)
        return class_id, (slice(row * BLOCK, (row + 1) * BLOCK), slice(column * BLOCK, (column + 1) * BLOCK))

    @property
    def memory(self):
        return self.session.memory


@pytest.fixture
def pupil(qtbot):
    made = Pupil(qtbot)
    yield made
    made.bench.jobs.cancel()
    made.settle()
