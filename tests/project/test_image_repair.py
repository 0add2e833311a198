"""A damaged or changed image has a way out, and what is damaged is kept aside."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

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
Refusal = Callable[[Project, str], ImageBlocked]


@pytest.mark.parametrize("damage", [b"", b"no png", "half"])
def test_a_damaged_mask_blocks_its_image_until_the_backup_is_restored(
    project: Project, folder: Path, refused: Refusal, reopened: Reopen, damage: bytes | str
) -> None:
    project.write("a.png", ONES, HAND)
    project.take_result("a.png", {(): 2 * ONES}, mode="replace")
    mask = folder / "masks" / "a.png"
    mask.write_bytes(mask.read_bytes()[:-40] if damage == "half" else damage)
    project = reopened(project)
    block = refused(project, "a.png")
    assert block.remedies == (Remedy.RESTORE_BACKUP, Remedy.START_OVER)
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
    project.resolve("a.png", Remedy.START_OVER)
    assert not project.read("a.png").labels.any()
    assert project.record("a.png").state is State.NEW
    assert (folder / ".cliptrase" / "set-aside" / "masks" / "a.png").read_bytes() == b"no png"


def test_damaged_provenance_keeps_the_mask_as_drawn_by_hand(
    project: Project, folder: Path, refused: Refusal, reopened: Reopen
) -> None:
    project.take_result("a.png", {(): ONES})
    (folder / ".cliptrase" / "provenance" / "a.png").write_bytes(b"broken")
    project = reopened(project)
    block = refused(project, "a.png")
    assert Remedy.KEEP_MASK in block.remedies
    project.resolve("a.png", Remedy.KEEP_MASK)
    found = project.read("a.png")
    assert np.array_equal(found.labels, ONES)
    assert (found.sources == Provenance.HAND).all()


def test_a_changed_image_blocks_until_the_mask_is_bound_to_it(
    project: Project, folder: Path, refused: Refusal, reopened: Reopen, paint: Paint
) -> None:
    project.write("a.png", ONES, HAND)
    paint(folder / "a.png", SHAPE, 99)
    project = reopened(project)
    block = refused(project, "a.png")
    assert "has changed" in str(block)
    project.resolve("a.png", Remedy.KEEP_MASK)
    assert np.array_equal(project.read("a.png").labels, ONES)
    assert np.array_equal(reopened(project).read("a.png").labels, ONES)


def test_an_image_of_another_size_cannot_keep_its_mask(project: Project, folder: Path, paint: Paint) -> None:
    project.write("a.png", ONES, HAND)
    paint(folder / "a.png", (5, 6), 1)
    with pytest.raises(ProjectError, match="do not fit"):
        project.resolve("a.png", Remedy.KEEP_MASK)
    project.resolve("a.png", Remedy.START_OVER)
    assert project.read("a.png").labels.shape == (5, 6)
    assert (folder / ".cliptrase" / "set-aside" / "masks" / "a.png").exists()


def test_the_backup_of_a_first_run_brings_back_no_mask(project: Project, folder: Path) -> None:
    project.take_result("a.png", {(): ONES})
    project.resolve("a.png", Remedy.RESTORE_BACKUP)
    assert not project.read("a.png").labels.any()
    assert project.record("a.png").state is State.NEW
    assert not (folder / "masks" / "a.png").exists()
