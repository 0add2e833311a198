"""What is damaged or changed blocks its image, with a way out, and is never written over."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.atomic import WORK_FOLDER
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.image_blocked import ImageBlocked, Remedy
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

SHAPE = (12, 16)
ONES = np.ones(SHAPE, np.uint8)
HAND = np.full(SHAPE, Provenance.HAND, np.uint8)
EMPTY = np.zeros(SHAPE, np.uint8)
Files = Callable[[Path], dict[str, bytes]]
Reopen = Callable[[Project], Project]
Paint = Callable[..., None]


def refuses_everything(project: Project, name: str, folder: Path, files: Files) -> ImageBlocked:
    """The image can be neither read nor written, and trying changes nothing."""
    before = files(folder)
    with pytest.raises(ImageBlocked) as caught:
        project.read(name)
    for attempt in (
        lambda: project.write(name, EMPTY, EMPTY),
        lambda: project.take_result(name, {(): EMPTY}),
        lambda: project.set_state(name, State.REVIEWED),
    ):
        with pytest.raises(ImageBlocked):
            attempt()
    assert files(folder) == before
    assert "Nothing was changed" in str(caught.value)
    return caught.value


@pytest.mark.parametrize("damage", [b"", b"no png", "half"])
def test_a_damaged_mask_blocks_its_image_until_the_backup_is_restored(
    project: Project, folder: Path, files: Files, reopened: Reopen, damage: bytes | str
) -> None:
    project.write("a.png", ONES, HAND)
    project.take_result("a.png", {(): 2 * ONES}, mode="replace")
    mask = folder / "masks" / "a.png"
    mask.write_bytes(mask.read_bytes()[:-40] if damage == "half" else damage)
    project = reopened(project)
    block = refuses_everything(project, "a.png", folder, files)
    assert block.remedies == (Remedy.RESTORE_BACKUP, Remedy.START_ANEW)
    assert project.blocked("a.png") is not None
    assert project.blocked("b.png") is None
    project.resolve("a.png", Remedy.RESTORE_BACKUP)
    assert np.array_equal(project.read("a.png").labels, ONES)
    assert (folder / ".cliptrase" / "set-aside" / "masks" / "a.png").exists()


def test_starting_again_sets_the_damaged_mask_aside(project: Project, folder: Path, reopened: Reopen) -> None:
    project.write("a.png", ONES, HAND)
    (folder / "masks" / "a.png").write_bytes(b"no png")
    project = reopened(project)
    with pytest.raises(ProjectError, match="no backup"):
        project.resolve("a.png", Remedy.RESTORE_BACKUP)
    project.resolve("a.png", Remedy.START_ANEW)
    assert not project.read("a.png").labels.any()
    assert project.record("a.png").state is State.NEW
    assert (folder / ".cliptrase" / "set-aside" / "masks" / "a.png").read_bytes() == b"no png"


def test_a_mask_that_is_gone_blocks_its_image(project: Project, folder: Path, files: Files, reopened: Reopen) -> None:
    project.write("a.png", ONES, HAND)
    (folder / "masks" / "a.png").unlink()
    block = refuses_everything(reopened(project), "a.png", folder, files)
    assert "is missing" in str(block)


def test_damaged_provenance_keeps_the_mask_as_drawn_by_hand(
    project: Project, folder: Path, files: Files, reopened: Reopen
) -> None:
    project.take_result("a.png", {(): ONES})
    (folder / ".cliptrase" / "provenance" / "a.png").write_bytes(b"broken")
    project = reopened(project)
    block = refuses_everything(project, "a.png", folder, files)
    assert Remedy.KEEP_MASK in block.remedies
    project.resolve("a.png", Remedy.KEEP_MASK)
    found = project.read("a.png")
    assert np.array_equal(found.labels, ONES)
    assert (found.sources == Provenance.HAND).all()


def test_a_changed_image_blocks_until_the_mask_is_bound_to_it(
    project: Project, folder: Path, files: Files, reopened: Reopen, paint: Paint
) -> None:
    project.write("a.png", ONES, HAND)
    paint(folder / "a.png", SHAPE, 99)
    project = reopened(project)
    block = refuses_everything(project, "a.png", folder, files)
    assert "has changed" in str(block)
    project.resolve("a.png", Remedy.KEEP_MASK)
    assert np.array_equal(project.read("a.png").labels, ONES)
    assert np.array_equal(reopened(project).read("a.png").labels, ONES)


def test_an_image_that_changes_while_it_is_open_blocks(project: Project, folder: Path, paint: Paint) -> None:
    project.write("a.png", ONES, HAND)
    paint(folder / "a.png", SHAPE, 99)
    with pytest.raises(ImageBlocked, match="has changed"):
        project.write("a.png", 2 * ONES, HAND)


def test_a_touched_image_with_the_same_bytes_is_the_same_image(project: Project, folder: Path) -> None:
    project.write("a.png", ONES, HAND)
    (folder / "a.png").write_bytes((folder / "a.png").read_bytes())
    assert np.array_equal(project.read("a.png").labels, ONES)


def test_an_image_of_another_size_cannot_keep_its_mask(project: Project, folder: Path, paint: Paint) -> None:
    project.write("a.png", ONES, HAND)
    paint(folder / "a.png", (5, 6), 1)
    with pytest.raises(ProjectError, match="do not fit"):
        project.resolve("a.png", Remedy.KEEP_MASK)
    project.resolve("a.png", Remedy.START_ANEW)
    assert project.read("a.png").labels.shape == (5, 6)
    assert (folder / ".cliptrase" / "set-aside" / "masks" / "a.png").exists()


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


def test_a_damaged_record_keeps_mask_and_provenance(project: Project, folder: Path, reopened: Reopen) -> None:
    project.write("a.png", ONES, HAND)
    project.paths.state("a.png").write_text("{")
    project = reopened(project)
    assert "damaged" in project.notes[0]
    found = project.read("a.png")
    assert np.array_equal(found.labels, ONES)
    assert np.array_equal(found.sources, HAND)


def test_the_backup_of_a_first_run_brings_back_no_mask(project: Project, folder: Path) -> None:
    project.take_result("a.png", {(): ONES})
    project.resolve("a.png", Remedy.RESTORE_BACKUP)
    assert not project.read("a.png").labels.any()
    assert project.record("a.png").state is State.NEW
    assert not (folder / "masks" / "a.png").exists()


def test_what_a_killed_program_left_is_swept_away(project: Project, folder: Path, reopened: Reopen) -> None:
    project.write("a.png", ONES, HAND)
    project.close()
    left = folder / "masks" / "sub" / WORK_FOLDER
    (left / "00000000-1-1-0").mkdir(parents=True)
    os.utime(left / "00000000-1-1-0", (0, 0))  # of a computer that has been silent for a week
    (folder / "masks" / ".mine").write_text("kept")
    project.paths.index.unlink()
    project = reopened(project)
    assert not left.exists()
    assert (folder / "masks" / ".mine").exists()
