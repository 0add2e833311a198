"""What is said and cleared away when a project is opened."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.atomic import WORK_FOLDER
from napari_cliptrase.project.image_blocked import ImageBlocked
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


def test_a_folder_that_cannot_be_written_opens_for_reading_and_says_why(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.close()

    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("napari_cliptrase.project.writer_lock.write_text", full)
    with Project.open(folder) as again:
        assert again.read_only
        assert again.writer == ""
        assert "its folder cannot be written (No space left on device)" in again.notes[0]
    with Project.open(folder, write=False) as looked_at:
        assert "writing was not asked for" in looked_at.notes[0]


def test_a_damaged_record_keeps_mask_and_provenance(project: Project, folder: Path, reopened: Reopen) -> None:
    project.write("a.png", ONES, HAND)
    project.paths.state("a.png").write_text("{")
    project = reopened(project)
    assert "damaged" in project.notes[0]
    found = project.read("a.png")
    assert np.array_equal(found.labels, ONES)
    assert np.array_equal(found.sources, HAND)


def test_an_image_that_comes_and_one_that_goes(project: Project, folder: Path, reopened: Reopen, paint: Paint) -> None:
    project.write("a.png", ONES, HAND)
    (folder / "a.png").unlink()
    paint(folder / "a.jpg")
    project = reopened(project)
    assert project.missing == ("a.png",)
    assert any("are gone" in note for note in project.notes)
    assert project.record("a.jpg").stem == "a_jpg"
    assert (folder / "metadata.jsonl").read_text() == ""
    assert (folder / "masks" / "a.png").exists()


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
