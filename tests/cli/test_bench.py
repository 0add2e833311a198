import json

import pytest
from typer.testing import CliRunner

from napari_cliptrase.bench import measure
from napari_cliptrase.bench.row import Row
from napari_cliptrase.cli.app import app
from napari_cliptrase.progress import Progress

ROWS = [
    Row("encode", 50.0, 100.0, "ms", 0.5, 1.0, True, "half the time"),
    Row("memory", 400.0, None, "MB", 400.0, 300.0, True, "too much"),
]


STEPS = [Progress(0, 2, "encoding"), ROWS[0], Progress(1, 2, "memory"), ROWS[1]]


@pytest.fixture(autouse=True)
def _measured(monkeypatch):
    monkeypatch.setattr(
        measure,
        "measure",
        lambda thorough: iter([Progress(0, 2, "encoding"), ROWS[0], Progress(1, 2, "memory"), ROWS[1]]),
    )


def test_table_shows_figures_targets_and_verdicts():
    result = CliRunner().invoke(app, ["bench"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    encode, memory = (next(line for line in result.stdout.splitlines() if row.name in line) for row in ROWS)
    assert "0.50×" in encode
    assert "yes" in encode
    assert "400 MB" in memory
    assert "no" in memory
    assert "threads" in result.stdout


def test_json_holds_all_and_where_it_was_measured():
    result = CliRunner().invoke(app, ["bench", "--json"])
    data = json.loads(result.stdout)
    assert [row["name"] for row in data["measurements"]] == ["encode", "memory"]
    assert [row["reached"] for row in data["measurements"]] == [True, False]
    assert {"torch", "open_clip", "threads", "processor"} <= set(data["on"])


def test_it_says_how_long_it_takes_and_what_was_measured_when_it_is_stopped(monkeypatch):
    def stopped(thorough):
        yield Progress(0, 2, "encoding")
        yield ROWS[0]
        yield Progress(1, 2, "memory")
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "measure", stopped)
    result = CliRunner().invoke(app, ["bench"])
    assert "takes about three minutes" in result.stderr
    assert str(result.exception) == "Stopped while it measured: memory. Measured were: encode."
    assert "takes about ten minutes" in CliRunner().invoke(app, ["bench", "--thorough"]).stderr


def test_compare_shows_what_has_changed_and_on_what_else_the_figures_depend(tmp_path):
    earlier = json.loads(CliRunner().invoke(app, ["bench", "--json"]).stdout)
    earlier["measurements"][0]["figure"] = 0.25
    del earlier["measurements"][1]
    earlier["on"]["threads"] = 99
    (tmp_path / "before.json").write_text(json.dumps(earlier))
    arguments = ["bench", "--compare", str(tmp_path / "before.json")]
    shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"}).stdout
    encode, memory = (next(line for line in shown.splitlines() if row.name in line) for row in ROWS)
    assert "2.00 ×" in encode
    assert "new" in memory
    assert "threads: 99 then" in shown
    measurements = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)["measurements"]
    assert [row.get("change") for row in measurements] == [2.0, None]


def test_compare_with_something_else_is_refused_before_anything_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "measure", lambda thorough: pytest.fail("measured"))
    (tmp_path / "x.json").write_text("[]")
    for name, sentence in (("x.json", "is not a file of"), ("none.json", "does not exist"), (".", "cannot be read")):
        result = CliRunner().invoke(app, ["bench", "--compare", str(tmp_path / name)])
        assert sentence in str(result.exception)
