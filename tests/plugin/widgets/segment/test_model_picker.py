import pytest
from qtpy.QtWidgets import QInputDialog

from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.models.load import load_model
from napari_cliptrase.plugin.state.preferences import Preferences
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.widgets.segment.model_picker import OTHER_MODEL, ModelPicker


@pytest.fixture
def make(images, qtbot, monkeypatch, tmp_path):
    """Return a picker on a computer without downloaded models."""
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HOME", str(tmp_path))

    def made(preferences=None):
        picker = ModelPicker(images.session, preferences or Preferences())
        qtbot.addWidget(picker)
        return picker

    return made


def pick(box, key):
    row = box.findData(key)
    box.setCurrentIndex(row)
    box.activated.emit(row)


def test_it_starts_with_the_preferences_and_later_with_what_was_chosen(images, make):
    first = make(Preferences(model="ViT-B-16/openai", device="cpu", precision="float32"))
    assert first.choice() == ModelChoice("ViT-B-16/openai", "cpu", "float32") == images.session.model_choice
    pick(first.device, "auto")
    pick(first.model, "demo")
    assert images.session.model_choice == ModelChoice("demo", "auto", "float32")
    assert make(Preferences(model="ViT-L-14/openai")).choice() == images.session.model_choice


def test_models_are_listed_with_size_and_state(make):
    box = make().model
    texts = {box.itemData(row): box.itemText(row) for row in range(box.count())}
    assert "to download, 598 MB" in texts["ViT-B-16/openai"]
    assert "to download, 3.9 GB" in texts["ViT-H-14/laion2b_s32b_b79k"]
    assert "to download" not in texts["demo"]


def test_the_button_says_whether_there_is_something_to_download(make):
    picker = make()
    assert picker.load.text() == "Load"
    pick(picker.model, "ViT-B-16/openai")
    assert picker.load.text() == "Download"


def test_load_and_unload_are_offered_as_the_loaded_model_allows(images, make):
    picker = make()
    assert (picker.load.isVisibleTo(picker), picker.unload.isVisibleTo(picker)) == (True, False)
    images.session.model = load_model("demo", device="cpu")
    assert (picker.load.isVisibleTo(picker), picker.unload.isVisibleTo(picker)) == (False, True)
    pick(picker.model, "ViT-B-16/openai")
    assert picker.load.isVisibleTo(picker)
    images.session.model = None
    assert not picker.unload.isVisibleTo(picker)


def test_a_model_by_name_stays_in_the_list(make, monkeypatch):
    picker = make()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("  local-dir:/models/mine ", True))
    pick(picker.model, OTHER_MODEL)
    assert picker.choice().name == "local-dir:/models/mine"
    pick(picker.model, "demo")
    pick(picker.model, "local-dir:/models/mine")
    assert picker.choice().name == "local-dir:/models/mine"


@pytest.mark.parametrize("answer", [("", True), ("anything", False)])
def test_a_question_that_is_not_answered_falls_back_on_the_first_model(make, monkeypatch, answer):
    picker = make()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: answer)
    pick(picker.model, OTHER_MODEL)
    assert picker.choice().name == picker.model.itemData(0) != OTHER_MODEL


def test_the_detail_is_part_of_the_settings_and_follows_them(images, make):
    picker = make()
    picker.detail.activated.emit(list(Detail).index(Detail.FINE))
    assert images.session.settings == Settings(detail=Detail.FINE)
    images.session.settings = Settings(detail=Detail.COARSE)
    assert picker.detail.value is Detail.COARSE
