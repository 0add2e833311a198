import pytest
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app
from napari_cliptrase.cli.prompt_options import prompts_if_given, required_prompts
from napari_cliptrase.errors import PromptError


@pytest.mark.parametrize("command", ["segment", "batch", "large", "explain"])
def test_every_command_asks_for_classes_in_the_same_words(command):
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).stdout
    assert 'Classes: "cat; dog: puppy, hound; background: wall".' in shown
    if command != "explain":
        assert "Classes from a file: text, one per line, or JSON." in shown
        assert "Examples that correct what the names say; see: learn --help" in shown


def test_classes_come_from_a_text_or_from_a_file(tmp_path):
    (tmp_path / "classes.txt").write_text("cat\ndog: puppy\n")
    assert [entry.name for entry in required_prompts("cat; dog", None)] == ["cat", "dog"]
    assert [entry.name for entry in required_prompts(None, tmp_path / "classes.txt")] == ["cat", "dog"]


def test_a_command_that_can_do_without_classes_gets_none(tmp_path):
    assert prompts_if_given(None, None) is None
    with pytest.raises(PromptError, match="Name the classes to look for, with --prompts"):
        required_prompts(None, None)


def test_no_class_and_two_sources_are_reported(tmp_path):
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(PromptError, match=r"empty\.txt names no class"):
        prompts_if_given(None, tmp_path / "empty.txt")
    with pytest.raises(PromptError, match="--prompts names no class"):
        prompts_if_given(" ; ", None)
    with pytest.raises(PromptError, match="not with both"):
        prompts_if_given("cat", tmp_path / "empty.txt")
