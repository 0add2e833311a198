from types import SimpleNamespace

import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin import folder_drop
from napari_cliptrase.plugin.folder_drop import NOTHING_TO_ADD, get_folder_reader
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project


@pytest.fixture
def dock(monkeypatch):
    calls = []
    dock = SimpleNamespace(
        open=lambda folder: calls.append(("open", str(folder))), ask_folder=lambda folder: calls.append(("ask", folder))
    )
    window = SimpleNamespace(add_plugin_dock_widget=lambda plugin, name: (None, dock))
    monkeypatch.setattr(folder_drop.napari, "current_viewer", lambda: SimpleNamespace(window=window))
    return calls


def test_a_folder_of_images_is_offered_as_a_project(photos, dock):
    assert get_folder_reader(str(photos))(str(photos)) is NOTHING_TO_ADD
    assert dock == [("ask", str(photos))]


def test_a_project_goes_on_without_a_question(photos, dock):
    Project.create(photos).close()
    get_folder_reader([str(photos)])([str(photos)])
    assert dock == [("open", str(photos))]


def test_files_and_folders_without_images_are_left_to_others(photos, tmp_path_factory):
    assert get_folder_reader(str(photos / "image0000.png")) is None
    assert get_folder_reader(str(tmp_path_factory.mktemp("empty"))) is None


def test_a_folder_of_masks_is_opened_as_masks(photos):
    with Project.create(photos, PromptSet.parse("cat")) as project:
        project.set_state("image0000.png", State.DONE)
    assert get_folder_reader(str(photos / "masks")) is None
