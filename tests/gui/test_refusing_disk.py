"""A disk that is full, or that turns read-only, while a folder is annotated in a real window: nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.gui.refused_painter import fill, paint

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.project.project import Project

SIZE = "1m"
NAME = "a.png"
SHAPE = (200, 300)
PAINTER = Path(__file__).with_name("refused_painter.py")


class SmallDisk:
    """A disk of a megabyte of its own."""

    def __init__(self, path):
        self.path = path
        self.folder = path / "photos"
        self.folder.mkdir()

    def fill(self):
        fill(self.path / "filler")

    def free(self):
        (self.path / "filler").unlink()

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    made = sys.platform == "linux" and os.geteuid() == 0
    if made:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", path]
        made = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    if not made:
        pytest.skip("a small disk needs Linux and the right to mount")
    yield SmallDisk(path)
    subprocess.run(["umount", "-l", path], check=True)


@pytest.fixture
def annotating(window, disk, tmp_path, monkeypatch):
    """A window with an image of that disk, and one stroke on it that is saved."""
    monkeypatch.setenv("NAPARI_CLIPTRASE_RESCUE", str(tmp_path / "rescued"))
    prepare(disk)
    window.folder = window.workbench.folder
    window.folder.state.pre_annotating = False
    window.folder_dock = window.dock("Annotate folder")
    window.folder.open(disk.folder)
    window.wait(lambda: window.folder.state.shown == NAME and window.folder.idle)
    layer = window.workbench.layers.class_layers(window.folder.visits.image)[1]
    window.paint = lambda row: paint(layer, row)
    window.paint(0)
    window.wait(lambda: window.folder.saver.idle)
    return window


def prepare(disk):
    pixels = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(disk.folder / NAME)
    Project.create(disk.folder, PromptSet.parse("cat")).close()


def shown(window):
    """The last line of the dock."""
    return window.folder_dock.saved.text()


def saved(disk):
    return Project.open(disk.folder, write=False).read(NAME).labels


def drawn(window):
    return window.workbench.layers.class_layers(window.folder.visits.image)[1].data


def refused(window):
    window.wait(lambda: window.folder.state.save_status.problem is not None)
    assert "Nothing is lost" in shown(window)
    return shown(window)


@pytest.mark.slow
def test_a_full_disk_is_reported_and_the_work_is_saved_once_there_is_room(annotating, disk):
    before = saved(disk)
    disk.fill()
    annotating.paint(40)
    assert "No space left on device" in refused(annotating)
    annotating.paint(80)  # work goes on
    assert np.array_equal(saved(disk), before)
    disk.free()
    annotating.wait(lambda: annotating.folder.saver.idle)
    assert np.array_equal(saved(disk), drawn(annotating))
    annotating.wait(lambda: "Nothing is lost" not in shown(annotating))


@pytest.mark.slow
def test_a_folder_that_turns_read_only_is_reported_and_the_work_is_saved_once_it_can_be_written(annotating, disk):
    before = saved(disk)
    disk.remount("ro")
    annotating.paint(40)
    assert "Read-only file system" in refused(annotating)
    annotating.paint(80)
    assert np.array_equal(saved(disk), before)
    disk.remount("rw")
    annotating.wait(lambda: annotating.folder.saver.idle)
    assert np.array_equal(saved(disk), drawn(annotating))


@pytest.mark.slow
@pytest.mark.usefixtures("qapp")  # there is a display
def test_what_a_full_disk_refused_until_napari_ended_is_brought_back(disk, tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_CLIPTRASE_RESCUE", str(tmp_path / "rescued"))
    prepare(disk)
    subprocess.run([sys.executable, PAINTER, disk.folder, disk.path / "filler", tmp_path / "labels"], check=True)
    work = np.fromfile(tmp_path / "labels", np.uint8).reshape(SHAPE)
    assert not np.array_equal(saved(disk), work)
    disk.free()
    with Project.open(disk.folder) as project:
        assert f"was brought back: {NAME}." in project.notes[-1]
        assert np.array_equal(project.read(NAME).labels, work)
    assert list((tmp_path / "rescued").iterdir()) == []
