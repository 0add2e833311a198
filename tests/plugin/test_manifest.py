"""What napari learns about the plugin before it is used."""

from importlib import import_module
from importlib.resources import files

import pytest
from npe2 import PluginManifest

MANIFEST = PluginManifest.from_file(str(files("napari_cliptrase").joinpath("napari.yaml")))


def test_every_command_leads_to_something_that_can_be_called():
    for command in MANIFEST.contributions.commands:
        module, name = command.python_name.split(":")
        assert callable(getattr(import_module(module), name)), command.id


@pytest.mark.parametrize(
    "name",
    [
        "Segment by text",
        "Refine boundaries",
        "Explore patches",
        "Export masks",
        "Annotate folder",
        "Compare with ground truth",
    ],
)
def test_docks_are_in_the_plugin_menu(name):
    assert name in [widget.display_name for widget in MANIFEST.contributions.widgets]


def test_commands_in_menus_exist():
    known = {command.id for command in MANIFEST.contributions.commands}
    for entries in MANIFEST.contributions.menus.values():
        assert {entry.command for entry in entries} <= known


def test_preferences_of_the_manifest_are_those_that_are_read(monkeypatch):
    from dataclasses import asdict
    from types import SimpleNamespace

    from napari_cliptrase.plugin.state import preferences

    declared = {}
    groups = {}
    for group, content in MANIFEST.contributions.configurations.items():
        values = {key: schema.default for key, schema in content.properties.items()}
        declared |= values
        groups[group] = SimpleNamespace(**values)
    assert asdict(preferences.Preferences()) == declared
    monkeypatch.setattr("napari.settings.get_plugin_settings", lambda _: SimpleNamespace(**groups))
    assert asdict(preferences.preferences()) == declared
