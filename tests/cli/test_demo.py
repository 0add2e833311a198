"""The command that shows the main job, where no window can open."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cli import demo as command
from napari_cliptrase.cli.app import app
from napari_cliptrase.demo.first_look import first_look


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    result = CliRunner().invoke(app, ["demo", "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out, result.output


def test_writes_scene_masks_and_overlay(shown):
    out, _ = shown
    image, prompts = first_look()
    assert np.array_equal(np.asarray(Image.open(out / "scene.png")), image)
    names = [entry.name for entry in PromptSet.parse(prompts).classes]
    mask = np.asarray(Image.open(out / "masks" / "scene.png"))
    assert mask.shape == image.shape[:2]
    classes = ClassTable.from_json((out / "masks" / "classes.json").read_text())
    assert [entry.name for entry in classes] == names
    assert Image.open(out / "masks" / "overlays" / "scene.jpg").size[0] >= image.shape[1]
    layers = sorted(path.name for path in (out / "layers").rglob("*.png"))
    assert len(layers) == len(names)


def test_every_shown_class_is_found_and_printed(shown):
    out, text = shown
    mask = np.asarray(Image.open(out / "masks" / "scene.png"))
    classes = ClassTable.from_json((out / "masks" / "classes.json").read_text())
    for entry in classes:
        assert entry.name in text
        assert (mask == entry.id).any(), entry.name


def test_without_display_says_why_and_writes_files(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "napari_cliptrase.cli", "demo"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith("No window: ")
    assert (tmp_path / command.DEMO_FOLDER / "scene.png").exists()


def test_file_in_the_way_is_one_sentence(tmp_path):
    (tmp_path / "taken").write_text("")
    result = subprocess.run(
        [sys.executable, "-m", "napari_cliptrase.cli", "demo", "--out", str(tmp_path / "taken")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "is a file" in result.stderr
    assert "Traceback" not in result.stderr
