import pytest
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app


@pytest.mark.parametrize("command", ["segment", "batch", "large", "learn", "evaluate folder", "evaluate sweep"])
def test_every_command_offers_the_same_devices_and_precisions(command):
    shown = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).stdout
    assert "auto, cpu, cuda or mps." in shown
    assert "auto, fp32, fp16, bf16 or int8." in shown


@pytest.mark.parametrize("command", ["segment", "large", "learn", "explain", "evaluate folder", "evaluate sweep"])
def test_every_command_names_models_in_the_same_words(command):
    shown = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).stdout
    assert "CLIP, see: napari-cliptrase models" in shown
