"""What lay in the folder before it became a project."""

import errno
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

SHAPE = (12, 16)
Paint = Callable[..., None]


def drawn(value: int = 1, rows: slice = slice(2, 5)) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[rows] = value
    return labels


def save(project: Project, name: str, labels: np.ndarray) -> None:
    project.write(name, labels, np.where(labels, Provenance.HAND, Provenance.NONE).astype(np.uint8))


def test_a_folder_of_images_beside_masks_is_laid_out_as_data_sets_are(
    tmp_path: Path, prompts: PromptSet, paint: Paint
) -> None:
    paint(tmp_path / "images" / "a.png")
    with Project.create(tmp_path, prompts) as project:
        save(project, "a.png", drawn())
    assert (tmp_path / "masks" / "a.png").exists()
    assert json.loads((tmp_path / "metadata.jsonl").read_text())["file_name"] == "images/a.png"


def test_lists_that_were_there_before_are_never_written(folder: Path, prompts: PromptSet) -> None:
    (folder / "metadata.jsonl").write_text("mine")
    with Project.create(folder, prompts) as project:
        save(project, "a.png", drawn())
    with Project.open(folder):
        pass
    assert (folder / "metadata.jsonl").read_text() == "mine"


def test_masks_that_were_there_before_are_taken_over_as_drawn_by_hand(folder: Path, prompts: PromptSet) -> None:
    (folder / "masks").mkdir()
    Image.fromarray(drawn(2)).save(folder / "masks" / "a.png")
    (folder / "masks" / "classes.json").write_text(prompts.table().to_json())
    with Project.create(folder) as project:
        assert [entry.phrases for entry in project.prompts] == [entry.phrases for entry in prompts]
        project.take_result("a.png", {(): drawn(1, slice(0, 12))})
        assert np.array_equal(project.read("a.png").labels[2:5], drawn(2)[2:5])


def test_a_folder_that_cannot_be_written_is_a_sentence(folder: Path, prompts: PromptSet) -> None:
    (folder / ".cliptrase").write_text("a file where the folder of the project belongs")
    with pytest.raises(ProjectError, match="cannot become a project"):
        Project.create(folder, prompts)
    assert (folder / ".cliptrase").read_text() == "a file where the folder of the project belongs"


def test_a_folder_on_a_full_disk_becomes_a_project_once_there_is_room(
    folder: Path, prompts: PromptSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("napari_cliptrase.project.new_project.write_text", full)
        with pytest.raises(ProjectError, match="cannot become a project \\(No space left on device\\)"):
            Project.create(folder, prompts)
    assert not (folder / ".cliptrase").exists()
    with Project.create(folder, prompts) as project:
        assert project.prompts == prompts
