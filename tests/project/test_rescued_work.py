"""Work that a full disk refused until the program ended is brought back, unless somebody has worked on it since."""

from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.rescued_work import bring_back, rescue, rescue_folder

SHAPE = (12, 16)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("rescued")
    monkeypatch.setenv("NAPARI_CLIPTRASE_RESCUE", str(folder))
    return folder


def drawn(value: int) -> Annotation:
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:5] = value
    return Annotation(labels, np.where(labels != 0, np.uint8(Provenance.HAND), np.uint8(0)))


def save(project: Project, name: str, value: int) -> None:
    project.write(name, drawn(value).labels, drawn(value).sources)


def test_what_could_not_be_saved_is_there_when_the_project_is_opened_again(folder: Path, project: Project) -> None:
    save(project, "a.png", 1)
    copy = rescue(project, {("a.png", ()): drawn(2), ("sub/c.png", ()): drawn(3)})
    project.close()
    with Project.open(folder) as again:
        assert again.notes == ("Work that could not be saved the last time was brought back: a.png, sub/c.png.",)
        for name, value in (("a.png", 2), ("sub/c.png", 3)):
            found = again.read(name)
            assert np.array_equal(found.labels, drawn(value).labels)
            assert np.array_equal(found.sources, drawn(value).sources)
    assert not copy.exists()
    with Project.open(folder) as again:
        assert again.notes == ()


def test_what_was_saved_after_all_is_not_written_again(folder: Path, project: Project) -> None:
    copy = rescue(project, {("a.png", ()): drawn(2)})
    save(project, "a.png", 2)
    assert bring_back(project) == ()
    assert not copy.exists()


def test_work_that_was_done_since_stays_and_the_copy_is_kept(folder: Path, project: Project) -> None:
    copy = rescue(project, {("a.png", ()): drawn(2), ("b.png", ()): drawn(2)})
    save(project, "a.png", 3)
    brought, kept = bring_back(project)
    assert brought.endswith("brought back: b.png.")
    assert f"(a.png); it is in {copy}" in kept
    assert (project.read("a.png").labels == drawn(3).labels).all()
    assert len(list(copy.glob("*-mask.png"))) == 2


def test_a_later_copy_of_an_image_takes_the_place_of_the_first(project: Project) -> None:
    rescue(project, {("a.png", ()): drawn(1)})
    rescue(project, {("a.png", ()): drawn(2)})
    bring_back(project)
    assert (project.read("a.png").labels == drawn(2).labels).all()


def test_a_damaged_list_is_left_alone(project: Project) -> None:
    folder = rescue_folder(project.paths.folder)
    folder.mkdir(parents=True)
    (folder / "rescued.json").write_text("{")
    assert bring_back(project) == ()
    assert (folder / "rescued.json").exists()
