"""The package as a whole: what an import costs and which names it promises."""

import subprocess
import sys

import pytest

import napari_cliptrase
from napari_cliptrase.cli.app import COMMANDS, command_module

HEAVY = ("torch", "open_clip", "napari", "qtpy", "skimage", "segment_anything")


def _modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_import_is_light():
    loaded = _modules_after("import napari_cliptrase")
    assert not loaded.intersection(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_light_until_it_runs(name):
    loaded = _modules_after(f"import {command_module(name)}")
    assert not loaded.intersection(HEAVY)


@pytest.mark.parametrize(
    "module",
    [
        "classes.prompts",
        "classes.scores",
        "engine.settings",
        "merge",
        "masks",
        "pixels",
        "cliptrase",
        "cliptrase.options",
        "models.catalog",
    ],
)
def test_what_a_dock_needs_before_the_first_run_has_no_torch(module):
    assert "torch" not in _modules_after(f"import napari_cliptrase.{module}")


def test_public_names_exist():
    for name in napari_cliptrase.__all__:
        assert getattr(napari_cliptrase, name) is not None


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="segmentor"):
        _ = napari_cliptrase.segmentor
