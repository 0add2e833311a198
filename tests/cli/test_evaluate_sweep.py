import json

import pytest
from typer.testing import CliRunner, Result

from napari_cliptrase.cli.app import app
from napari_cliptrase.errors import CliptraseError

QUICK = ("--scenes", "1", "--templates", "single", "--resolution", "96")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", "sweep", *words], env={"COLUMNS": "200"})


def test_a_sweep_leaves_a_table_and_data(tmp_path):
    words = (*QUICK, "--recovery", "cliptrase,vanilla", "--vote", "hard,off", "--out", str(tmp_path))
    done = run(*words)
    assert done.exit_code == 0
    assert "4 combinations" in done.stderr
    assert done.stdout.strip() == (tmp_path / "sweep.md").read_text(encoding="utf-8").strip()
    rows = json.loads((tmp_path / "sweep.json").read_text(encoding="utf-8"))["rows"]
    assert {(row["recovery"], row["vote"]) for row in rows} == {
        (recovery, vote) for recovery in ("cliptrase", "vanilla") for vote in ("hard", "off")
    }
    assert json.loads(run(*words, "--json").stdout)["rows"] == rows


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--recovery", "nonsense"), "There is no recovery 'nonsense'; choose cliptrase, sclip"),
        (("--vote", ","), "--vote names nothing"),
        (("--eps", "wide"), "'wide' is not a radius"),
        (("--eps", "nan"), "'nan' is not a radius"),
        (("--resolution", "3.5"), "'3.5' is not a resolution; give whole numbers from 16 to 8192"),
        (("imagenet",), "There is no data set 'imagenet'; choose painted-world, voc20"),
        (("voc20",), "voc20 is in a folder; name it with --root"),
        (("--words", "many"), "There is no list of words 'many'; choose 20, 200, 200-near"),
        (("--split", "large"), "There is no split 'large'"),
    ],
)
def test_what_cannot_be_swept_is_one_sentence(words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert isinstance(result.exception, CliptraseError)
    assert sentence in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_project_is_swept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("project", "--root", "nowhere")
    assert isinstance(result.exception, CliptraseError)
    assert "nowhere" in str(result.exception)
