from pathlib import Path

from typer.testing import CliRunner

from napari_cliptrase.cli.app import app


def test_the_command_writes_a_row_for_each_list(tmp_path: Path):
    words = ["evaluate", "long-lists", "--scenes", "1", "--recovery", "cliptrase", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "| recovery | names | off | purify, first test | purify | purify, ambiguity 0.8 | peak |"
    assert [line.split("|")[2].strip() for line in lines[2:]] == ["20", "200", "200-near"]
    assert len(list(tmp_path.glob("*.jsonl"))) == 15
