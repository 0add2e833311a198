"""One program writes, others read; a dead owner's lock is taken over."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.writer_lock import LockOwner, WriterLock

HOLD = """
import sys
from napari_cliptrase.project.project import Project
project = Project.open(sys.argv[1])
print("held" if not project.read_only else "read only: " + " ".join(project.notes), flush=True)
sys.stdin.read()
"""
SHAPE = (12, 16)


def other_program(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_second_program_opens_for_reading_only_and_says_so(
    project: Project, folder: Path, files: Callable[[Path], dict[str, bytes]]
) -> None:
    project.write("a.png", np.ones(SHAPE, np.uint8), np.full(SHAPE, 3, np.uint8))
    before = files(folder)
    with other_program(folder) as other:
        out, _ = other.communicate("", timeout=60)
    assert out.startswith("read only: ")
    assert "is writing it" in out
    with Project.open(folder) as second:
        assert second.read_only
        assert second.writer.startswith(f"process {os.getpid()} on ")
        assert second.read("a.png").labels.all()
        with pytest.raises(ProjectError, match="reading only"):
            second.write("a.png", np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8))
        with pytest.raises(ProjectError, match="reading only"):
            second.flag("a.png", "x")
    assert files(folder) == before
    project.flag("a.png", "the first one still writes")


def test_the_lock_of_a_killed_program_is_taken_over_and_that_is_reported(project: Project, folder: Path) -> None:
    project.close()
    with other_program(folder) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with Project.open(folder) as second:
            assert second.read_only
        other.kill()
        other.wait()
    with Project.open(folder) as third:
        assert not third.read_only
        assert any(f"taken over from process {other.pid}" in note for note in third.notes)


def test_a_process_number_that_is_used_again_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    mine = LockOwner.this_process()
    path.write_text(json.dumps({**vars(mine), "started": "long ago", "token": "old"}))
    assert WriterLock(path).acquire()


def test_a_program_on_another_computer_keeps_the_lock_until_it_is_taken_on_purpose(folder: Path) -> None:
    Project.create(folder).close()
    lock = folder / ".cliptrase" / "lock.json"
    lock.write_text(json.dumps({"pid": 1, "host": "elsewhere", "started": "", "token": "x"}))
    with Project.open(folder) as project:
        assert project.read_only
        assert "process 1 on elsewhere" in project.notes[0]
    with Project.open(folder, take_over=True) as project:
        assert not project.read_only


def test_a_program_whose_lock_was_taken_writes_nothing_more(project: Project, folder: Path) -> None:
    with Project.open(folder, take_over=True) as second:
        with pytest.raises(ProjectError, match="now belongs to"):
            project.flag("a.png", "x")
        project.close()
        second.flag("a.png", "y")


def test_a_damaged_lock_belongs_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_text("{")
    lock = WriterLock(tmp_path / "lock.json")
    assert lock.acquire()
    assert lock.held
    lock.release()
    assert not (tmp_path / "lock.json").exists()
