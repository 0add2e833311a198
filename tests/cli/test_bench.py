import json

import pytest
from typer.testing import CliRunner

from napari_cliptrase.bench import measure
from napari_cliptrase.bench.row import Row
from napari_cliptrase.cli.app import app

ROWS = [
    Row("encode", 50.0, 100.0, "ms", 0.5, 1.0, True, "half the time"),
    Row("memory", 400.0, None, "MB", 400.0, 300.0, True, "too much"),
]


@pytest.fixture(autouse=True)
def _measured(monkeypatch):
    monkeypatch.setattr(measure, "measure", lambda thorough: iter(ROWS))


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
