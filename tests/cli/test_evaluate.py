import json

import pytest
from typer.testing import CliRunner, Result

from napari_cliptrase.cli.app import app
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.errors import CliptraseError


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", *words], env={"COLUMNS": "200"})


def test_the_painted_world_as_a_table_and_as_json(tmp_path):
    words = ("painted-world", "--scenes", "1", "--first-seed", "7", "--method", "vanilla,cliptrase")
    table = run(*words, "--out", str(tmp_path))
    assert table.exit_code == 0
    lines = table.stdout.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["method", "vanilla", "cliptrase"]
    rows = json.loads(run(*words, "--out", str(tmp_path), "--json").stdout)["rows"]
    assert list(rows) == ["vanilla", "cliptrase"]
    assert f"{100 * rows['vanilla']['mIoU']:.2f}" in lines[1]
    assert f"{100 * rows['cliptrase']['mIoU']:.2f}" in lines[2]


def test_refinement_from_patches_of_the_truth():
    words = ("refinement", "--scenes", "1", "--size", "96", "--start", "patches", "--method", "superpixels")
    assert [line.split()[0] for line in run(*words).stdout.splitlines()[1:]] == ["before", "superpixels"]
    assert set(json.loads(run(*words, "--json").stdout)) == {"before", "superpixels"}


def test_sam_has_a_line_for_each_class():
    table = run("sam", "--scenes", "1").stdout
    assert "true box" in table
    assert all(name in table for name in NAMES)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("painted-world", "--first-seed", "1000000"), "held out"),
        (("painted-world", "--scenes", "0"), "at least one"),
        (("painted-world", "--method", "nonsense"), "There is no method 'nonsense'; choose vanilla"),
        (("refinement", "--start", "nowhere"), "There is no start 'nowhere'; choose clip, patches"),
        (("refinement", "--method", "nonsense"), "nonsense"),
        (("sam", "--sam", "no-such.pth"), "no-such.pth"),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(words: tuple[str, ...], sentence: str):
    result = run(*words)
    assert result.exit_code != 0
    assert isinstance(result.exception, CliptraseError)
    assert sentence in str(result.exception)
    assert "\n" not in str(result.exception)
