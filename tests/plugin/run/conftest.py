"""A viewer with one image, and the runner with a small model of true shape."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.workbench import workbench_of

TOY = ModelChoice(f"local-dir:{Path(__file__).parents[2] / 'data' / 'golden' / 'toyclip'}")
PATIENCE = 120_000


class Bench:
    """What a person does with *Run* and live scores; ``shape`` is that of the planes, nothing for a picture."""

    def __init__(self, qtbot, name="scene", shape=()):
        self.qtbot = qtbot
        self.model = TOY
        self.viewer = ViewerModel()
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.runner = self.workbench.runner
        blocks = np.random.default_rng(0).integers(0, 255, (*shape, 4, 6, 3), np.uint8)
        image = np.kron(blocks, np.ones((*(1 for _ in shape), 24, 24, 1), np.uint8))
        self.image = self.viewer.add_image(image, rgb=True, name=name)
        self.session.image = self.image
        self.session.prompts = PromptSet.parse("cat\ndog\nsky")

    def source(self):
        return plane_source_of(self.viewer, self.image, self.session.version_of(self.image))

    def wait(self):
        self.qtbot.waitUntil(lambda: self.runner.idle, timeout=PATIENCE)

    def run(self, **how):
        job = self.runner.run(self.source(), TOY, **how)
        self.wait()
        return job

    def labels(self):
        return self.workbench.layers.combined(self.session.segmented.source.target)[0]

    def some_threshold(self, share):
        """A minimum that takes about this share of the pixels."""
        best = self.session.segmented.segmentation.scores.maps.max(0)
        return float(np.quantile(best, share))

    def score_with(self, threshold):
        self.session.settings = replace(self.session.settings, threshold=threshold)
        self.wait()

    def add_second(self):
        other = np.random.default_rng(5).integers(0, 255, self.image.data.shape, np.uint8)
        return self.viewer.add_image(other, rgb=True, name="other")

    def run_on(self, image):
        self.session.image = self.image = image
        self.run()

    def end(self):
        self.workbench.jobs.cancel()
        self.wait()


@pytest.fixture
def bench_with(qtbot):
    """Make benches: ``bench_with(name, shape of the planes)``; their work is ended at the end."""
    made = []

    def make(*args):
        made.append(Bench(qtbot, *args))
        return made[-1]

    yield make
    for bench in made:
        bench.end()


@pytest.fixture
def bench(bench_with):
    """A bench with a picture."""
    return bench_with()
