"""What is damaged or changed blocks its image, with a way out, and is never written over."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.image_blocked import ImageBlocked
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

SHAPE = (12, 16)
ONES = np.ones(SHAPE, np.uint8)
HAND = np.full(SHAPE, Provenance.HAND, np.uint8)
EMPTY = np.zeros(SHAPE, np.uint8)
Refusal = Callable[[Project, str], ImageBlocked]
Reopen = Callable[[Project], Project]
Paint = Callable[..., None]


def test_a_mask_that_is_gone_blocks_its_image(
    project: Project, folder: Path, refused: Refusal, reopened: Reopen
) -> None:
    project.write("a.png", ONES, HAND)
    (folder / "masks" / "a.png").unlink()
    block = refused(reopened(project), "a.png")
    assert "is missing" in str(block)


def test_an_image_that_changes_while_it_is_open_blocks(project: Project, folder: Path, paint: Paint) -> None:
    project.write("a.png", ONES, HAND)
    paint(folder / "a.png", SHAPE, 99)
    with pytest.raises(ImageBlocked, match="has changed"):
        project.write("a.png", 2 * ONES, HAND)


def test_a_touched_image_with_the_same_bytes_is_the_same_image(project: Project, folder: Path) -> None:
    project.write("a.png", ONES, HAND)
    (folder / "a.png").write_bytes((folder / "a.png").read_bytes())
    assert np.array_equal(project.read("a.png").labels, ONES)


def test_an_image_that_is_gone_or_no_image_is_a_sentence(project: Project, folder: Path) -> None:
    (folder / "a.png").unlink()
    with pytest.raises(ImageBlocked, match="is missing"):
        project.read("a.png")
    (folder / "b.png").write_bytes(b"text")
    with pytest.raises(ImageBlocked, match="not an image"):
        project.read("b.png")
    with pytest.raises(ProjectError, match="no image 'x'"):
        project.read("x")


def test_a_mask_of_another_program_is_taken_over_and_protected(
    project: Project, folder: Path, reopened: Reopen
) -> None:
    project.take_result("a.png", {(): ONES})
    edited = ONES.copy()
    edited[0] = 3
    edited[1] = 0
    Image.fromarray(edited).save(folder / "masks" / "a.png")
    project = reopened(project)
    found = project.read("a.png")
    assert np.array_equal(found.labels, edited)
    assert project.record("a.png").pixels == {1: 160, 3: 16}


def test_a_program_killed_between_two_files_leaves_something_that_opens(
    project: Project, folder: Path, reopened: Reopen
) -> None:
    project.write("a.png", ONES, HAND)
    state = project.paths.state("a.png")
    old = state.read_bytes()
    project.write("a.png", 2 * ONES, HAND)
    project.set_state("b.png", State.EMPTY)
    state.write_bytes(old)  # killed before the record of the second save
    project.paths.state("b.png").unlink()  # killed before the first record of an image
    project = reopened(project)
    assert np.array_equal(project.read("a.png").labels, 2 * ONES)
    assert project.record("a.png").pixels == {2: 192}
    assert not project.read("b.png").labels.any()
    assert project.record("b.png").state is State.IN_PROGRESS


def test_what_a_model_wrote_before_the_program_was_killed_is_no_persons_work(
    project: Project, reopened: Reopen
) -> None:
    project.take_result("a.png", {(): ONES})
    project.take_result("b.png", {(): ONES})
    project.write("b.png", ONES, HAND)
    for name in ("a.png", "b.png"):
        project.paths.state(name).unlink()  # killed before the first record
    project = reopened(project)
    for name, state in (("a.png", State.PRE_ANNOTATED), ("b.png", State.IN_PROGRESS)):
        project.read(name)
        assert project.record(name).state is state
