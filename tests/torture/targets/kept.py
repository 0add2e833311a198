"""What the program keeps for itself: projects, what corrections taught, and the list of what was written."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from target import Target

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.learn.lesson import Lesson, LessonAction
from napari_cliptrase.learn.lesson_file import read_lessons, write_lessons
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.masks.written_record import WRITTEN_RECORD
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

_SHAPE = (12, 16)
_MASK = LabelImage(np.array([[0, 1]], np.uint8), ClassTable((MaskClass.named(1, "cat"),)), stem="a")


def _stroke(project: Project, name: str, class_id: int) -> None:
    found = project.read(name)
    labels, sources = found.labels.copy(), found.sources.copy()
    labels[2:5, 2:5], sources[2:5, 2:5] = class_id, Provenance.HAND
    project.write(name, labels, sources)


def _project(part: str, folder: Path) -> tuple[Path, Sequence[Path]]:
    root = folder / "project"
    for seed, name in enumerate(("a.png", "b.png")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 255, (*_SHAPE, 3), np.uint8)
        Image.fromarray(pixels).save(root / name)
    with Project.create(root, PromptSet.parse("cat\ndog: puppy\nbackground: wall")) as project:
        for number, name in enumerate(("a.png", "b.png"), 1):
            _stroke(project, name, number)
        project.set_state("a.png", State.DONE)
    ending = {"records": (".json",), "masks": (".png",)}[part]
    where = [root / ".cliptrase", *([root / "masks"] if part == "masks" else [])]
    return root, [path for below in where for path in sorted(below.rglob("*")) if path.suffix in ending]


def _open(source: Path, out: Path) -> None:
    """Open the project, read every mask, draw, and close it."""
    shutil.copytree(source, out / "copy")
    with Project.open(out / "copy") as project:
        for record in project:
            if project.blocked(record.name) is None:
                _stroke(project, record.name, min([*project.prompts.ids, 255]))


def _lessons(folder: Path) -> tuple[Path, Sequence[Path]]:
    rows = np.eye(3, 8, dtype=np.float32)
    lesson = Lesson("cat", rows, np.ones(3, np.float32), image="a", action=LessonAction.SCRIBBLE, time="2026-01-02")
    write_lessons(LessonMemory("model", "settings").taught([lesson]), folder / "lessons.npz")
    return folder / "lessons.npz", [folder / "lessons.npz"]


def _learn(source: Path, out: Path) -> None:
    write_lessons(read_lessons(source), out / "lessons.npz")


def _written(folder: Path) -> tuple[Path, Sequence[Path]]:
    FORMATS["png"].write(_MASK, folder)
    return folder, [folder / WRITTEN_RECORD]


def _write_again(source: Path, out: Path) -> None:
    shutil.copytree(source, out / "copy")
    FORMATS["png"].write(_MASK, out / "copy", ExportOptions(protect=True))


TARGETS = (
    Target("project-records", partial(_project, "records"), _open),
    Target("project-masks", partial(_project, "masks"), _open),
    Target("lessons", _lessons, _learn),
    Target("written", _written, _write_again),
)
