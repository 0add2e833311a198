import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from napari_cliptrase.cli.app import app
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.errors import CliptraseError


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "scene.png"
    Image.fromarray(paint_scene(328, (96, 128)).image).save(path)
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, words), "--model", "demo", "--size", "96"])


def test_figures_lie_in_the_folder(image, tmp_path):
    done = run(image, "--prompts", "sky; sea", "--at", "10,10", "--out", tmp_path / "figures")
    assert done.exit_code == 0, done.exception
    assert "Wrote 1-attention.png, 2-class-token.png" in done.stdout
    assert len(list((tmp_path / "figures").glob("*.png"))) == 5


def test_without_classes_a_note_says_what_is_missing(image, tmp_path):
    done = run(image, "--out", tmp_path / "figures")
    assert "Without --prompts there are no classes" in done.stdout
    assert not (tmp_path / "figures" / "5-labels.png").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--at", "10"), "'10' is not a point; write x,y in pixels"),
        (("--at", "500,3"), "The point 500,3 is not in the image"),
        (("--prompts", ""), "--prompts names no class"),
    ],
)
def test_what_cannot_be_explained_is_one_sentence(image, tmp_path, words, sentence):
    done = run(image, *words, "--out", tmp_path / "figures")
    assert isinstance(done.exception, CliptraseError)
    assert sentence in str(done.exception)
    assert not (tmp_path / "figures").exists()


def test_a_file_that_is_not_there(tmp_path):
    done = run(tmp_path / "none.png", "--out", tmp_path / "figures")
    assert "none.png does not exist; check the name." in str(done.exception)
