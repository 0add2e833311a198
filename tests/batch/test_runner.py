"""A batch fills a project, goes on where it stopped, and one bad image does not stop the others."""

import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cliptrase.batch.batch_plan import plan_batch
from napari_cliptrase.batch.image_work import ImageWorker, LabelledPlane, RunSetup
from napari_cliptrase.batch.overlapped import IMAGES_READ_AHEAD
from napari_cliptrase.batch.runner import ImageOutcome, ResultWriter, run_batch_steps
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.read import ImageFile, read_image
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

Pictures = Callable[..., Path]
Files = Callable[[Path], dict[str, bytes]]


def run(project: Project, setup: RunSetup, worker: ImageWorker) -> list[ImageOutcome]:
    plan = plan_batch(project, setup.run())
    return list(run_batch_steps(ResultWriter(project, setup.run()), worker, plan.todo))


def test_every_image_gets_what_the_engine_gives(pictures: Pictures, setup: RunSetup, worker: ImageWorker) -> None:
    with Project.create(pictures("one", 3), setup.prompts) as project:
        outcomes = run(project, setup, worker)
        assert [outcome.name for outcome in outcomes] == [record.name for record in project]
        assert all(outcome.failure is None for outcome in outcomes)
        for record in project:
            result = worker.segment(read_image(project.paths.image(record.name)))
            assert np.array_equal(project.read(record.name).labels, result.labels[()])
            assert record.state is State.PRE_ANNOTATED
            assert record.uncertainty == round(result.uncertainty, 6) or record.uncertainty == result.uncertainty
            assert 0 < result.uncertainty < 1
            assert set(record.scores) == set(record.pixels)
            assert all(0 < score < 1 for score in record.scores.values())


def test_an_interrupted_batch_goes_on_with_what_is_missing_and_ends_the_same(
    pictures: Pictures, setup: RunSetup, worker: ImageWorker, files: Files
) -> None:
    with Project.create(pictures("whole", 4), setup.prompts) as project:
        run(project, setup, worker)
    folder = pictures("parts", 4)
    with Project.create(folder, setup.prompts) as project:
        steps = run_batch_steps(ResultWriter(project, setup.run()), worker, plan_batch(project, setup.run()).todo)
        next(steps)
        steps.close()
    with Project.open(folder) as project:
        plan = plan_batch(project, setup.run())
        assert 1 <= len(plan.same) < 4
        assert len(plan.todo) == 4 - len(plan.same)
        run(project, setup, worker)
        assert plan_batch(project, setup.run()).todo == ()
    assert files(folder) == files(folder.parent / "whole")


def test_other_classes_settings_or_images_are_done_again(
    pictures: Pictures, setup: RunSetup, worker: ImageWorker
) -> None:
    with Project.create(pictures("one", 2), setup.prompts) as project:
        run(project, setup, worker)
        other = replace(setup, settings=replace(setup.settings, threshold=0.5))
        assert len(plan_batch(project, other.run()).todo) == 2
        renamed = replace(setup, prompts=setup.prompts.renamed(1, "cloud"))
        assert len(plan_batch(project, renamed.run()).todo) == 2
        recoloured = replace(setup, prompts=setup.prompts.replaced(1, color="#123456"))
        assert plan_batch(project, recoloured.run()).todo == ()
        assert len(plan_batch(project, setup.run(), again=True).todo) == 2


def test_hand_edits_survive_and_finished_images_are_left_alone(
    pictures: Pictures, setup: RunSetup, worker: ImageWorker
) -> None:
    with Project.create(pictures("one", 2), setup.prompts) as project:
        name = "0000.png"
        empty = project.read(name)
        labels, sources = empty.labels.copy(), empty.sources.copy()
        labels[:5], sources[:5] = 3, Provenance.HAND
        sources[5:9] = Provenance.HAND  # erased
        project.write(name, labels, sources)
        project.set_state("0001.png", State.DONE)
        outcomes = run(project, setup, worker)
        assert [outcome.name for outcome in outcomes] == [name]
        found = project.read(name)
        assert (found.labels[:5] == 3).all()
        assert not found.labels[5:9].any()
        assert not project.read("0001.png").labels.any()


def test_a_bad_image_is_reported_and_the_others_are_done(
    pictures: Pictures, setup: RunSetup, worker: ImageWorker
) -> None:
    folder = pictures("one", 4)
    (folder / "0001.png").write_bytes(b"no image")
    with Project.create(folder, setup.prompts) as project:
        outcomes = {outcome.name: outcome for outcome in run(project, setup, worker)}
        assert len(outcomes) == 4
        assert "not an image" in (outcomes["0001.png"].failure or "")
        assert sum(outcome.failure is None for outcome in outcomes.values()) == 3
        assert project.record("0001.png").state is State.NEW


def test_a_changed_image_is_planned_as_blocked_and_a_damaged_mask_is_never_written_over(
    pictures: Pictures, setup: RunSetup, worker: ImageWorker
) -> None:
    folder = pictures("one", 2)
    with Project.create(folder, setup.prompts) as project:
        run(project, setup, worker)
    Image.new("RGB", (90, 60), "red").save(folder / "0000.png")
    (folder / "masks" / "0001.png").write_bytes(b"damaged")
    with Project.open(folder) as project:
        plan = plan_batch(project, setup.run(), again=True)
        assert list(plan.blocked) == ["0000.png"]
        assert plan.todo == ("0001.png",)
        assert str(plan) == "1 image to segment, 1 is blocked."
        (outcome,) = run_batch_steps(ResultWriter(project, setup.run()), worker, plan.todo)
        assert "You can: start over" in (outcome.failure or "") or "restore the backup" in (outcome.failure or "")
    assert (folder / "masks" / "0001.png").read_bytes() == b"damaged"


def test_every_plane_of_a_stack_is_segmented(
    pictures: Pictures, tmp_path: Path, setup: RunSetup, worker: ImageWorker
) -> None:
    folder = tmp_path / "stack"
    folder.mkdir()
    stack = np.random.default_rng(0).integers(0, 256, (3, 40, 50), np.uint8)
    tifffile.imwrite(folder / "s.tif", stack, metadata={"axes": "ZYX"})
    with Project.create(folder, setup.prompts) as project:
        assert [outcome.failure for outcome in run(project, setup, worker)] == [None]
        assert sorted(path.name for path in (folder / "masks").glob("*.png")) == ["s_z0.png", "s_z1.png", "s_z2.png"]


class CountingWorker:
    """Finds nothing, in no time, and counts how many pictures, encodings and results there are at once."""

    def __init__(self) -> None:
        self.alive: list[weakref.ref[object]] = []
        self.most = 0

    def count(self, *things: object) -> None:
        known = (*self.alive, *map(weakref.ref, things))
        self.alive = [entry for entry in known if entry() is not None]
        self.most = max(self.most, len(self.alive))

    smoothing = 0.0

    def chosen(self, image: ImageFile) -> ImageFile:
        return image

    def two_fit(self, _rgb: np.ndarray) -> bool:
        return True

    def encode(self, rgb: np.ndarray, _watch: object = None) -> np.ndarray:
        encoding = np.zeros(3)
        self.count(rgb, encoding)
        return encoding

    def label(self, rgb: np.ndarray, _encoding: np.ndarray) -> LabelledPlane:
        labels = np.zeros(rgb.shape[:2], np.uint8)
        self.count(labels)
        return LabelledPlane(labels, 0.5, ())


def test_memory_does_not_grow_with_the_number_of_images(pictures: Pictures, setup: RunSetup) -> None:
    most = []
    for count in (20, 60):
        counting = CountingWorker()
        with Project.create(pictures(f"many{count}", count), setup.prompts) as project:
            names = list(project.found.images)
            for outcome in run_batch_steps(ResultWriter(project, setup.run()), counting, names):  # type: ignore[arg-type]
                assert outcome.failure is None
        most.append(counting.most)
    assert max(most) <= 3 * (IMAGES_READ_AHEAD + 2)


IMAGES = 5


class MeetingWorker(CountingWorker):
    """Labels a plane only while another one is encoded, and the other way round; without overlap nothing goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.both = threading.Barrier(2, timeout=60)
        self.encoded = self.labelled = 0

    def encode(self, rgb: np.ndarray, watch: object = None) -> np.ndarray:
        self.encoded += 1
        if self.encoded > 1:
            self.both.wait()
        return super().encode(rgb, watch)

    def label(self, rgb: np.ndarray, encoding: np.ndarray) -> LabelledPlane:
        self.labelled += 1
        if self.labelled < IMAGES:
            self.both.wait()
        return super().label(rgb, encoding)


def test_an_image_is_labelled_while_the_next_one_is_encoded(pictures: Pictures, setup: RunSetup) -> None:
    with Project.create(pictures("five", IMAGES), setup.prompts) as project:
        names = list(project.found.images)
        steps = run_batch_steps(ResultWriter(project, setup.run()), MeetingWorker(), names)  # type: ignore[arg-type]
        assert [outcome.failure for outcome in steps] == [None] * IMAGES


class FailingWorker(CountingWorker):
    """Fails at one of its steps."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step

    def encode(self, rgb: np.ndarray, watch: object = None) -> np.ndarray:
        if self.step == "encode":
            raise MemoryError
        return super().encode(rgb, watch)

    def label(self, rgb: np.ndarray, encoding: np.ndarray) -> LabelledPlane:
        if self.step == "label":
            raise CliptraseError("The model is not well today.")
        return LabelledPlane(np.zeros((1, 1), np.uint8), 0.5, ())  # of another size than the image


@pytest.mark.parametrize("step", ["encode", "label", "write"])
def test_a_run_that_fails_leaves_every_file_as_it_was(
    pictures: Pictures, setup: RunSetup, files: Files, step: str
) -> None:
    folder = pictures("one", 3)
    with Project.create(folder, setup.prompts) as project:
        for record in list(project)[:2]:
            labels = np.ones(project.image(record.name).array.shape[:2], np.uint8)
            project.write(record.name, labels, np.full_like(labels, Provenance.HAND))
        before = files(folder)
        names = list(project.found.images)
        steps = run_batch_steps(ResultWriter(project, setup.run()), FailingWorker(step), names)  # type: ignore[arg-type]
        outcomes = list(steps)
    assert sorted(outcome.name for outcome in outcomes) == names
    assert all(outcome.failure for outcome in outcomes)
    assert files(folder) == before
