"""Which images a batch does, and what it says about the others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.batch.batch_plan import BatchPlan, plan_batch
from napari_cliptrase.batch.image_work import RunSetup
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project


@pytest.fixture
def project(pictures: Callable[..., Path], setup: RunSetup) -> Iterator[Project]:
    """Four images: not segmented, segmented, done by a person, and changed since its mask was drawn."""
    folder = pictures("one", 4)
    with Project.create(folder, setup.prompts) as made:
        names = [record.name for record in made]
        for name in names[1:]:
            shape = made.image(name).array.shape[:2]
            made.take_result(name, {(): np.ones(shape, np.uint8)}, run=setup.run(), uncertainty=0.5)
        made.set_state(names[2], State.DONE)
    Image.new("RGB", (90, 60), "red").save(folder / names[3])
    with Project.open(folder) as made:
        yield made


def test_each_image_is_sorted_by_what_is_done_with_it(project: Project, setup: RunSetup) -> None:
    new, same, done, changed = [record.name for record in project]
    plan = plan_batch(project, setup.run())
    assert (plan.todo, plan.same, plan.finished) == ((new,), (same,), (done,))
    assert list(plan.blocked) == [changed]
    assert "has changed since its mask was drawn" in plan.blocked[changed]


def test_what_was_segmented_is_done_again_on_request_and_what_is_finished_too(
    project: Project, setup: RunSetup
) -> None:
    new, same, done, _ = [record.name for record in project]
    assert plan_batch(project, setup.run(), again=True).todo == (new, same)
    finished = plan_batch(project, setup.run(), finished=True)
    assert (finished.todo, finished.same, finished.finished) == ((new,), (same, done), ())
    assert plan_batch(project, setup.run(), again=True, finished=True).todo == (new, same, done)


def test_an_image_whose_mask_was_removed_is_blocked_with_a_way_out(project: Project, setup: RunSetup) -> None:
    _, same, _, _ = [record.name for record in project]
    project.paths.mask(project.record(same).stem).unlink()
    plan = plan_batch(project, setup.run())
    assert plan.same == ()
    assert "is missing" in plan.blocked[same]
    assert "start over" in plan.blocked[same]


def test_another_run_is_not_the_same(project: Project, setup: RunSetup) -> None:
    assert plan_batch(project, {**setup.run(), "model": "other"}).same == ()


def test_a_plan_says_only_what_there_is() -> None:
    names = tuple(map(str, range(1234)))
    assert str(BatchPlan(names, (), (), {})) == "1,234 images to segment."
    words = str(BatchPlan((), ("a",), ("b", "c"), {"d": "why"}))
    assert words.startswith("0 images to segment, 1 ")
    assert words.endswith(", 2 are finished, 1 is blocked.")
