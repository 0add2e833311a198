import numpy as np
import pytest

from napari_cliptrase.batch.image_work import ImageResult, RunSetup
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.run.image_findings import Findings, PreparedImage
from napari_cliptrase.plugin.run.image_opening import OpeningRequest, open_steps, wants_labels
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.project.image_blocked import ImageBlocked
from napari_cliptrase.project.image_record import ImageRecord, State
from napari_cliptrase.project.image_search import FileStamp
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation
from napari_cliptrase.project.project import Project

A = "image0000.png"
PROMPTS = PromptSet.parse("cat\ndog")
SETUP = RunSetup(PROMPTS)


@pytest.fixture
def project(photos):
    with Project.create(photos, PROMPTS) as project:
        yield project


def opened(project, unsaved=lambda _name, _plane: None, **how):
    return run_to_end(open_steps(project, OpeningRequest(A, PROMPTS, 2, **how), unsaved))


def prepared(project, labels):
    result = ImageResult({(): labels}, 0.2, ())
    findings = Findings(SETUP, None, None, None, None, (), result)
    return PreparedImage(A, FileStamp.of(project.paths.image(A)), project.image(A), findings)


def test_a_new_image_gets_an_empty_layer_of_the_active_class(project):
    found = opened(project)
    assert list(found.parts) == [2]
    assert not found.stored.annotations[()].labels.any()


def test_what_is_not_on_the_disk_yet_comes_before_what_is(project):
    latest = Annotation(np.full((40, 60), 1, np.uint8), np.full((40, 60), 3, np.uint8))
    found = opened(project, lambda _name, _plane: latest)
    assert (found.stored.annotations[()].labels == 1).all()


def test_what_the_model_found_is_merged_in_memory_as_a_run_would_on_the_disk(project):
    labels, sources = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint8)
    labels[:5], sources[:10] = 2, Provenance.HAND
    project.write(A, labels, sources)
    proposal = np.ones((40, 60), np.uint8)
    found = opened(project, prepared=prepared(project, proposal), fill=True).stored.annotations[()]
    project.take_result(A, {(): proposal})
    on_disk = project.read(A)
    np.testing.assert_array_equal(found.labels, on_disk.labels)
    np.testing.assert_array_equal(found.sources, on_disk.sources)


def test_findings_that_do_not_belong_into_the_mask_leave_it_alone(project):
    found = opened(project, prepared=prepared(project, np.ones((40, 60), np.uint8)))
    assert not found.stored.annotations[()].labels.any()
    assert found.findings is not None


def test_an_image_that_cannot_be_read_is_blocked(project, photos):
    (photos / A).write_bytes(b"no image")
    with pytest.raises(ImageBlocked, match=r"cannot be opened.*go on with another image"):
        opened(project)


@pytest.mark.parametrize(
    ("state", "run", "wanted"),
    [
        (State.NEW, None, True),
        (State.PRE_ANNOTATED, SETUP.run(), False),
        (State.PRE_ANNOTATED, {"model": "another"}, True),
        (State.IN_PROGRESS, None, False),
        (State.DONE, None, False),
        (State.EMPTY, None, False),
    ],
)
def test_only_where_nobody_was_yet_the_model_fills_the_mask(state, run, wanted):
    assert wants_labels(ImageRecord("a", "a", state, run=run), SETUP) is wanted
    assert not wants_labels(ImageRecord("a", "a", state, run=run), None)
