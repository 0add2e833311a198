"""How a command that scores images runs, and what it leaves."""

import json
from dataclasses import replace

import pytest

from napari_cliptrase.cli.evaluation_run import RunChoices, evaluate_and_report, run_evaluation
from napari_cliptrase.cli.interrupts import Stopped
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes
from napari_cliptrase.evaluate.evaluation_report import EvaluationReport
from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol, rows_of
from napari_cliptrase.evaluate.image_scorer import EvaluationSetup, ImageScorer
from napari_cliptrase.evaluate.word_lists import WordList

SCENES = PaintedScenes(first=5, count=3, size=96)


@pytest.fixture
def setup(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    settings = replace(EvaluationProtocol.FULL.settings(96), templates=TemplateSet.SINGLE)
    return EvaluationSetup(SCENES, rows_of(["naclip"], settings, WordList.OWN.vocabulary), device="cpu")


def test_the_table_is_printed_and_all_three_files_say_the_same(setup, tmp_path, capsys):
    choices = RunChoices(tmp_path / "out", what="painted scene")
    evaluate_and_report(
        setup, SCENES.names(), choices, lambda result: EvaluationReport("Scenes", result, notes=["A note."])
    )
    printed = capsys.readouterr()
    data = json.loads((tmp_path / "out" / "results.json").read_text())
    score = f"{100 * data['rows']['naclip']['mIoU']:.2f}"
    assert score in printed.out
    assert "Scoring demo on 3 painted scenes" in printed.err
    assert "A note." in printed.err
    for name in ("results.md", "results.html"):
        assert score in (tmp_path / "out" / name).read_text()


def test_json_is_all_that_is_printed_where_a_program_reads(setup, tmp_path, capsys):
    choices = RunChoices(tmp_path / "out", as_json=True)
    evaluate_and_report(setup, SCENES.names(), choices, lambda result: EvaluationReport("Scenes", result))
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "out" / "results.json").read_text())


def test_ctrl_c_says_how_many_are_done_and_the_next_run_goes_on(setup, tmp_path, monkeypatch):
    choices = RunChoices(tmp_path / "out")
    real, scored = ImageScorer.score, []

    def interrupted(scorer, name, rows=None):
        if len(scored) == 2:
            raise KeyboardInterrupt
        scored.append(name)
        return real(scorer, name, rows)

    monkeypatch.setattr(ImageScorer, "score", interrupted)
    with pytest.raises(Stopped, match=r"Stopped after \d of 3 images; the same command with --out continues"):
        run_evaluation(setup, SCENES.names(), choices)
    again = []
    monkeypatch.setattr(ImageScorer, "score", lambda *asked: again.append(asked[1]) or real(*asked))
    result = run_evaluation(setup, SCENES.names(), choices)
    assert result.rows[0].counts.images == 3
    assert len(again) < 3


def test_workers_and_a_scheduler_exclude_each_other(setup, tmp_path):
    with pytest.raises(CliptraseError, match="give one of them"):
        run_evaluation(setup, SCENES.names(), RunChoices(tmp_path, workers=2, scheduler="tcp://host:8786"))
