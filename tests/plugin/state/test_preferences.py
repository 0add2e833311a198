import os
from types import SimpleNamespace

import pytest

from napari_cliptrase.models.folders import CACHE_VARIABLE, cache_folder
from napari_cliptrase.plugin.state.preferences import PLUGIN, Preferences, preferences


def setting(monkeypatch, found):
    """Let napari answer with ``found`` when the settings of this plugin are asked for."""

    def get_plugin_settings(plugin):
        assert plugin == PLUGIN
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("napari.settings.get_plugin_settings", get_plugin_settings, raising=False)


def chosen(cache_folder="", **inference):
    values = {"model": "demo", "device": "cpu", "precision": "fp32", "detail": "fine", "live": False, **inference}
    return SimpleNamespace(inference=SimpleNamespace(**values), storage=SimpleNamespace(cache_folder=cache_folder))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, "")


def test_what_the_user_set_is_read(monkeypatch):
    setting(monkeypatch, chosen(model="ViT-B-16/openai"))
    assert preferences() == Preferences("ViT-B-16/openai", "cpu", "fp32", "fine", False, "")


@pytest.mark.parametrize(
    "found",
    [KeyError(PLUGIN), SimpleNamespace(), ValueError("a damaged file")],
    ids=["unknown", "other fields", "damaged"],
)
def test_without_settings_the_defaults_count(monkeypatch, found):
    setting(monkeypatch, found)
    assert preferences() == Preferences()


def test_a_napari_without_settings_of_plugins_has_the_defaults(monkeypatch):
    monkeypatch.delattr("napari.settings.get_plugin_settings", raising=False)
    assert preferences() == Preferences()


def test_a_cache_folder_takes_effect_at_once(monkeypatch, tmp_path):
    setting(monkeypatch, chosen(cache_folder=str(tmp_path)))
    assert preferences().device == "cpu"
    assert cache_folder() == tmp_path


def test_without_a_cache_folder_the_environment_stays(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    setting(monkeypatch, chosen())
    preferences()
    assert os.environ[CACHE_VARIABLE] == str(tmp_path)
