"""Folders of small images, and projects made of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.project.image_blocked import ImageBlocked
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project

SHAPE = (12, 16)


def paint_image(path: Path, shape: tuple[int, int] = SHAPE, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)
    Image.fromarray(pixels).save(path)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file but those of the lock and the index, which no diff has to show."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("lock.json", "lock.guard", "index.json")
    }


@pytest.fixture
def prompts() -> PromptSet:
    return PromptSet.parse("cat\ndog: puppy, hound\nsky\nbackground: wall")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("a.png", "b.png", "sub/c.png")):
        paint_image(tmp_path / name, seed=number)
    (tmp_path / "notes.txt").write_text("no image")
    return tmp_path


@pytest.fixture
def project(folder: Path, prompts: PromptSet) -> Iterator[Project]:
    with Project.create(folder, prompts) as made:
        yield made


@pytest.fixture
def reopened() -> Iterator[Callable[[Project], Project]]:
    """Close a project and open it again."""
    opened: list[Project] = []

    def reopen(old: Project) -> Project:
        old.close()
        opened.append(Project.open(old.paths.folder))
        return opened[-1]

    yield reopen
    for entry in opened:
        entry.close()


@pytest.fixture
def paint() -> Callable[..., None]:
    """Write an image file: ``paint(path, shape, seed)``."""
    return paint_image


@pytest.fixture
def files() -> Callable[[Path], dict[str, bytes]]:
    """Read every file of a folder but lock and index: ``files(folder)``."""
    return files_of


@pytest.fixture
def refused(folder: Path) -> Callable[[Project, str], ImageBlocked]:
    """Check that an image can be neither read nor written, and that trying changes nothing; return why."""
    return lambda project, name: refuses_everything(project, name, folder)


def refuses_everything(project: Project, name: str, folder: Path) -> ImageBlocked:
    before = files_of(folder)
    empty = np.zeros(SHAPE, np.uint8)
    with pytest.raises(ImageBlocked) as caught:
        project.read(name)
    for attempt in (
        lambda: project.write(name, empty, empty),
        lambda: project.take_result(name, {(): empty}),
        lambda: project.set_state(name, State.REVIEWED),
    ):
        with pytest.raises(ImageBlocked):
            attempt()
    assert files_of(folder) == before
    assert "Nothing was changed" in str(caught.value)
    return caught.value
