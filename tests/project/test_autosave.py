"""Strokes are on the disk within a second, and nothing is lost when the disk refuses."""

import errno
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.autosave import Autosave, SaveStatus
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation
from napari_cliptrase.project.project import Project

SHAPE = (12, 16)


class Disk:
    """Keeps what it is given, unless it is full."""

    def __init__(self, shape: tuple[int, int] = SHAPE) -> None:
        self.error: Exception | None = None
        self.error_for: str | None = None
        self.saved: dict[str, list[np.ndarray]] = {}
        self.sources: dict[str, np.ndarray] = {}
        self.delay = 0.0
        self.began = threading.Event()
        self.shape = shape

    def read(self, name: str, plane: tuple[int, ...] = ()) -> Annotation:
        if name in self.saved:
            return Annotation(self.saved[name][-1], self.sources[name])
        return Annotation.empty(self.shape)

    def write(self, name: str, labels: np.ndarray, sources: np.ndarray, plane: tuple[int, ...] = ()) -> None:
        self.began.set()
        time.sleep(self.delay)
        if self.error is not None and self.error_for in (None, name):
            raise self.error
        self.saved.setdefault(name, []).append(labels)
        self.sources[name] = sources


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def autosave(disk: Disk) -> Iterator[Autosave]:
    made = Autosave(disk)
    yield made
    disk.error = None
    assert made.close() == SaveStatus()


def wait_for(what: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_stroke_is_saved_without_being_asked_for(disk: Disk, autosave: Autosave) -> None:
    labels = np.ones(SHAPE, np.uint8)
    autosave.put("a", labels)
    assert autosave.status.unsaved == ("a",)
    labels[:] = 7  # the annotator goes on painting
    wait_for(lambda: "a" in disk.saved)
    assert (disk.saved["a"][0] == 1).all()
    wait_for(lambda: autosave.status == SaveStatus())


def test_many_strokes_become_few_saves_and_the_last_one_counts(disk: Disk, autosave: Autosave) -> None:
    labels = np.zeros(SHAPE, np.uint8)
    for step in range(1, 201):
        labels[step % 12] = step
        autosave.put("a", labels)
    autosave.flush()
    assert len(disk.saved["a"]) < 20
    assert np.array_equal(disk.saved["a"][-1], labels)


def test_only_the_region_of_a_stroke_is_copied_and_the_whole_plane_saved() -> None:
    disk = Disk((3000, 2500))
    autosave = Autosave(disk)
    labels = np.zeros((3000, 2500), np.uint8)
    sources = np.zeros((3000, 2500), np.uint8)
    autosave.put("a", labels, sources)
    for top, left in ((0, 0), (1020, 1010), (2990, 2490)):
        labels[top : top + 10, left : left + 10] = 5
        sources[top : top + 10, left : left + 10] = Provenance.HAND
        autosave.put("a", labels, sources, region=(slice(top, top + 10), slice(left, left + 10)))
    autosave.close()
    assert np.array_equal(disk.saved["a"][-1], labels)
    assert np.array_equal(disk.sources["a"], sources)


def test_a_stroke_during_a_save_is_saved_after_it(disk: Disk, autosave: Autosave) -> None:
    disk.delay = 0.2
    autosave.put("a", np.ones(SHAPE, np.uint8))
    assert disk.began.wait(20)
    autosave.put("a", np.full(SHAPE, 2, np.uint8))
    autosave.flush()
    assert [int(labels[0, 0]) for labels in disk.saved["a"]] == [1, 2]


def test_what_changed_is_by_hand_when_no_one_says_otherwise(disk: Disk, autosave: Autosave) -> None:
    model = np.full(SHAPE, Provenance.MODEL, np.uint8)
    autosave.put("a", np.ones(SHAPE, np.uint8), model)
    autosave.flush()
    labels = np.ones(SHAPE, np.uint8)
    labels[0] = 0
    autosave.put("a", labels)
    autosave.flush()
    assert (disk.sources["a"][0] == Provenance.HAND).all()
    assert (disk.sources["a"][1:] == Provenance.MODEL).all()


def test_trouble_is_reported_nothing_is_lost_and_it_is_saved_once_that_works() -> None:
    disk = Disk()
    disk.error = OSError(errno.ENOSPC, "No space left on device")
    reported: list[SaveStatus] = []
    autosave = Autosave(disk, reported.append)
    labels = np.ones(SHAPE, np.uint8)
    autosave.put("a", labels)
    status = autosave.flush()
    assert status.unsaved == ("a",)
    assert status.problem is not None
    assert "No space left" in status.problem
    assert "Nothing is lost" in status.problem
    autosave.put("a", 2 * labels)  # work goes on in memory
    assert autosave.close().unsaved == ("a",)
    disk.error = None
    wait_for(lambda: autosave.status == SaveStatus())
    assert (disk.saved["a"][-1] == 2).all()
    wait_for(lambda: bool(reported) and reported[-1] == SaveStatus())
    assert any(entry.problem for entry in reported)
    autosave.close()


def test_one_image_that_is_blocked_keeps_no_other_from_being_saved(disk: Disk, autosave: Autosave) -> None:
    disk.error, disk.error_for = ProjectError("a has changed"), "a"
    autosave.put("a", np.ones(SHAPE, np.uint8))
    autosave.put("b", np.ones(SHAPE, np.uint8))
    status = autosave.flush()
    assert status == SaveStatus(("a",), "a has changed")
    assert "b" in disk.saved
    unsaved = autosave.unsaved("a")
    assert unsaved is not None
    assert unsaved.all()
    autosave.discard("a")
    assert autosave.flush() == SaveStatus()


def test_what_is_to_come_later_waits_for_the_strokes_before_it(disk: Disk, autosave: Autosave) -> None:
    disk.delay = 0.05
    seen: list[bool] = []
    autosave.put("a", np.ones(SHAPE, np.uint8))
    autosave.later(lambda: seen.append("a" in disk.saved))
    autosave.flush()
    assert seen == [True]


def test_what_failed_later_is_tried_again(disk: Disk, autosave: Autosave) -> None:
    calls: list[int] = []

    def action() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError(errno.EROFS, "Read-only file system")

    autosave.later(action)
    wait_for(lambda: len(calls) == 2)


def test_handing_over_a_large_mask_takes_little_of_the_thread_that_edits() -> None:
    """A stroke on a 4096² plane costs far less than a copy of it; without a region, a few copies at most."""
    size = 4096
    disk = Disk((size, size))
    labels, sources = np.zeros((size, size), np.uint8), np.zeros((size, size), np.uint8)
    autosave = Autosave(disk)
    times: dict[str, list[float]] = {"stroke": [], "whole": [], "copy": []}
    autosave.put("a", labels, sources)
    for _ in range(7):
        for what in times:
            start = time.thread_time()
            if what == "stroke":
                autosave.put("a", labels, sources, region=(slice(1000, 1100), slice(1000, 1100)))
            elif what == "whole":
                autosave.put("a", labels, sources)
            else:
                labels.copy(), sources.copy()
            times[what].append(time.thread_time() - start)
    autosave.close()
    best = {what: min(found) for what, found in times.items()}
    assert best["stroke"] < best["copy"] / 4
    assert best["whole"] < 4 * best["copy"]


def test_the_project_has_what_was_handed_over(folder: Path, prompts: PromptSet) -> None:
    with Project.create(folder, prompts) as project:
        autosave = Autosave(project)
        labels = np.ones(SHAPE, np.uint8)
        for name in ("a.png", "b.png"):
            autosave.put(name, labels)
            autosave.later(lambda name=name: project.set_state(name, State.DONE))  # type: ignore[misc]
        assert autosave.close() == SaveStatus()
        assert [project.record(name).state for name in ("a.png", "b.png")] == [State.DONE] * 2
        assert (project.read("b.png").sources == Provenance.HAND).all()


def can_mount() -> bool:
    return os.name == "posix" and os.geteuid() == 0 and os.path.exists("/bin/mount")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    place = tmp_path / "disk"
    place.mkdir()
    if not can_mount() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", place]).returncode:
        pytest.skip("a small file system can be mounted by root only; the same is tested with a disk of our own above")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_loses_nothing(small_disk: Path, prompts: PromptSet, paint: Callable[..., None]) -> None:
    paint(small_disk / "a.png", (200, 200))
    with Project.create(small_disk, prompts) as project:
        autosave = Autosave(project)
        autosave.put("a.png", np.ones((200, 200), np.uint8))
        assert autosave.flush() == SaveStatus()
        with (small_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="space"):
            while True:
                filler.write(bytes(1024))
        noise = np.random.default_rng(0).integers(1, 4, (200, 200), np.uint8)
        autosave.put("a.png", noise)
        status = autosave.flush()
        assert status.problem is not None
        assert "No space left" in status.problem
        assert project.read("a.png").labels.all()  # what was saved is whole
        (small_disk / "filler").unlink()
        wait_for(lambda: autosave.status == SaveStatus())
        assert np.array_equal(project.read("a.png").labels, noise)
        autosave.close()


def test_a_folder_that_turns_read_only_loses_nothing(
    small_disk: Path, prompts: PromptSet, paint: Callable[..., None]
) -> None:
    paint(small_disk / "a.png", SHAPE)
    with Project.create(small_disk, prompts) as project:
        autosave = Autosave(project)
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
        autosave.put("a.png", np.ones(SHAPE, np.uint8))
        status = autosave.flush()
        assert status.problem is not None
        assert "Read-only" in status.problem
        with Project.open(small_disk) as second:
            assert second.read_only
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
        wait_for(lambda: autosave.status == SaveStatus())
        assert project.read("a.png").labels.all()
        autosave.close()


def test_no_thread_is_left(disk: Disk) -> None:
    before = threading.active_count()
    Autosave(disk).close()
    assert threading.active_count() == before
