"""The schema of a project grows forwards only."""

import json
from pathlib import Path
from typing import Any

import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.project_file import ProjectInfo, read_project_file

INFO = ProjectInfo(
    PromptSet.parse("cat\ndog"),
    "demo",
    {"grid": 14},
    "images",
    False,
    ("*.png",),
    ("metadata.jsonl",),
    "superpixels",
    "vit_b",
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "project.json"
    path.write_text(INFO.to_json())
    assert read_project_file(path, keep_old=True) == INFO
    assert [entry.name for entry in tmp_path.iterdir()] == ["project.json"]


def test_an_older_schema_is_brought_up_to_date_and_kept(tmp_path: Path) -> None:
    data = json.loads(INFO.to_json())
    data["weights"] = data.pop("model")
    old = json.dumps(data)
    path = tmp_path / "project.json"
    path.write_text(old)

    def renamed(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "model": data["weights"]}

    assert read_project_file(path, keep_old=False, migrations={1: renamed}, schema=2) == INFO
    assert path.read_text() == old
    assert read_project_file(path, keep_old=True, migrations={1: renamed}, schema=2) == INFO
    assert (tmp_path / "project.schema-1.json").read_text() == old
    assert path.read_text() == INFO.to_json()


def test_a_newer_schema_is_refused_and_nothing_changes(folder: Path, prompts: PromptSet) -> None:
    Project.create(folder, prompts).close()
    path = folder / ".cliptrase" / "project.json"
    text = path.read_text().replace('"schema": 1', '"schema": 99', 1)
    path.write_text(text)
    with pytest.raises(ProjectError, match="newer napari-cliptrase"):
        Project.open(folder)
    assert path.read_text() == text
    assert not (folder / ".cliptrase" / "lock.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": 1}', '{"schema": "x"}', '{"schema": 0}'])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "project.json"
    path.write_text(text)
    with pytest.raises(ProjectError, match="damaged"):
        read_project_file(path, keep_old=True)
    assert path.read_text() == text
