import pytest

from napari_cliptrase.cli.settings_file import read_settings
from napari_cliptrase.engine.settings import Settings, SettingsError


def test_settings_come_back_from_their_file(tmp_path):
    (tmp_path / "fine.json").write_text(Settings(detail="fine").to_json())
    assert read_settings(tmp_path / "fine.json") == Settings(detail="fine")


@pytest.mark.parametrize("content", ["", "[]", '{"vote": "perhaps"}', '{"colour": 1}', '{"eps": 1e300}'])
def test_a_file_that_holds_no_settings_is_named(tmp_path, content):
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(SettingsError, match=r"bad\.json"):
        read_settings(tmp_path / "bad.json")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.json cannot be read"):
        read_settings(tmp_path / "none.json")
