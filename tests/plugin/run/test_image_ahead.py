"""Reading and segmenting ahead, with the model that ships."""

import numpy as np
import pytest
from PIL import Image
from tests.plugin.conftest import PATIENCE

from napari_cliptrase.batch.image_work import ImageWorker, RunSetup
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.run.image_ahead import ImageAhead
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.project.project import Project

A, B, C = (f"image{number:04d}.png" for number in range(3))
SETUP = RunSetup(PromptSet.parse("sky\nsea"))


@pytest.fixture
def project(photos):
    with Project.create(photos, SETUP.prompts) as project:
        yield project


@pytest.fixture
def ahead(project, qtbot):
    made = ImageAhead(Jobs(), lambda _choice: None)
    made.begin(project)
    yield made
    made.stop()


def settle(ahead, qtbot):
    qtbot.waitUntil(lambda: ahead.idle, timeout=PATIENCE)


def test_images_are_read_without_a_model_when_none_is_wanted(ahead, qtbot):
    ahead.want((B, C))
    settle(ahead, qtbot)
    assert ahead.prepared(B).findings is None
    assert ahead.prepared(C).image.array.shape == (40, 60, 3)
    assert ahead.prepared(A) is None


def test_what_is_found_is_what_a_batch_finds(ahead, project, qtbot):
    ready = []
    ahead.ready.connect(lambda prepared: ready.append(prepared.name))
    ahead.ask(SETUP)
    ahead.want((B, A))
    settle(ahead, qtbot)
    assert ready == [B, A]
    batch = run_to_end(ImageWorker.load_steps(SETUP)).segment(project.image(B))
    found = ahead.prepared(B).findings.result
    np.testing.assert_array_equal(found.labels[()], batch.labels[()])
    assert (found.uncertainty, found.notes) == (batch.uncertainty, batch.notes)


def test_another_question_is_answered_from_the_same_encoding(ahead, qtbot):
    ahead.ask(SETUP)
    ahead.want((A,))
    settle(ahead, qtbot)
    first = ahead.prepared(A).findings
    ahead.ask(RunSetup(PromptSet.parse("sky\nsea\ntree")))
    settle(ahead, qtbot)
    second = ahead.prepared(A).findings
    assert second.encoding is first.encoding
    assert second.segmenter.model is first.segmenter.model
    assert second.setup.prompts.ids == (1, 2, 3)


def test_what_is_no_longer_wanted_is_forgotten_and_a_changed_file_is_not_used(ahead, project, qtbot):
    ahead.want((A, B))
    settle(ahead, qtbot)
    ahead.want((B,))
    assert ahead.prepared(A) is None
    Image.fromarray(np.zeros((10, 10, 3), np.uint8)).save(project.paths.image(B))
    assert ahead.prepared(B) is None


def test_an_image_that_cannot_be_read_is_reported_once_and_the_others_are_prepared(ahead, project, qtbot):
    project.paths.image(A).write_bytes(b"no image")
    errors = []
    ahead.failed.connect(errors.append)
    ahead.want((A, B))
    settle(ahead, qtbot)
    ahead.go_on()
    settle(ahead, qtbot)
    assert len(errors) == 1
    assert ahead.prepared(B) is not None
