"""Evaluations that go on, in this process and on workers; images of one's own; what is written."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_cliptrase.batch.dask_runner import dask_client
from napari_cliptrase.cli.app import app
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes
from napari_cliptrase.evaluate.evaluation import Evaluation
from napari_cliptrase.evaluate.evaluation_report import EvaluationReport
from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol, rows_of
from napari_cliptrase.evaluate.image_scorer import EvaluationSetup
from napari_cliptrase.evaluate.score_log import ScoreLogError
from napari_cliptrase.evaluate.word_lists import WordList
from napari_cliptrase.progress import run_to_end

SCENES = PaintedScenes(first=5, count=3, size=96)


def setup_of(method: str = "cliptrase,naclip") -> EvaluationSetup:
    settings = replace(EvaluationProtocol.FULL.settings(96), templates=TemplateSet.SINGLE)
    return EvaluationSetup(SCENES, rows_of([method], settings, WordList.OWN.vocabulary))


def scores(evaluation: Evaluation, **options: object) -> list[np.ndarray]:
    result = run_to_end(evaluation.run_steps(SCENES.names(), **options))
    return [row.counts.pixels for row in result.rows]


def test_a_stopped_evaluation_goes_on_and_ends_with_the_same_counts(tmp_path: Path) -> None:
    whole = scores(Evaluation(setup_of(), tmp_path / "whole"))
    steps = Evaluation(setup_of(), tmp_path / "parts").run_steps(SCENES.names())
    while (step := next(steps)).progress.done < 2 or not step.counts_images:
        assert set(step.mean_ious) <= {"cliptrase", "naclip"}
    steps.close()
    before = (tmp_path / "parts" / "cliptrase.jsonl").read_text().splitlines()
    assert len(before) == 3
    parts = scores(Evaluation(setup_of(), tmp_path / "parts"))
    assert (tmp_path / "parts" / "cliptrase.jsonl").read_text().splitlines()[:3] == before
    assert all(np.array_equal(one, other) for one, other in zip(whole, parts, strict=True))


def test_workers_give_the_same_counts(tmp_path: Path) -> None:
    whole = scores(Evaluation(setup_of(), tmp_path / "here"))
    with dask_client(workers=1) as client:
        there = scores(Evaluation(setup_of(), tmp_path / "there"), client=client)
    assert all(np.array_equal(one, other) for one, other in zip(whole, there, strict=True))


def test_scores_of_other_settings_are_not_mixed(tmp_path: Path) -> None:
    scores(Evaluation(setup_of("cliptrase"), tmp_path))
    other = setup_of("cliptrase")
    changed = replace(other, rows=(replace(other.rows[0], settings=replace(other.rows[0].settings, protect=0.5)),))
    with pytest.raises(ScoreLogError, match=r"\(settings differ\)"):
        scores(Evaluation(changed, tmp_path))
    assert len(scores(Evaluation(changed, tmp_path), again=True)) == 1


def test_the_report_says_the_same_in_every_form(tmp_path: Path) -> None:
    evaluation = Evaluation(setup_of(), tmp_path)
    result = run_to_end(evaluation.run_steps(SCENES.names()))
    report = EvaluationReport("Three <scenes>", result, published={"naclip": {"mIoU": 12.34}}, notes=["A note."])
    score = f"{100 * result.rows[1].field_scores.mean_iou:.2f}"
    for text in (report.text(), report.markdown(), report.page()):
        assert score in text
        assert "12.34" in text
    assert "Three &lt;scenes&gt;" in report.page()
    assert "- A note." in report.markdown()
    data = report.as_json()
    assert data["rows"]["naclip"]["mIoU"] == result.rows[1].field_scores.mean_iou
    assert data["rows"]["naclip"]["iou_by_class"].keys() == set(SCENES.classes)


def test_a_folder_of_ones_own_is_scored_by_its_own_numbers(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    scene = paint_scene(7, (96, 96))
    Image.fromarray(scene.image).save(tmp_path / "images" / "one.png")
    own = np.full(scene.labels.shape, 255, np.uint8)
    sky, grass = 1, 5
    own[scene.labels == sky], own[scene.labels == grass] = 30, 40
    own[:3] = 99
    Image.fromarray(own).save(tmp_path / "masks" / "one.png")
    (tmp_path / "classes.txt").write_text("sky [id=30]\ngrass [id=40]\n")
    words = ["evaluate", "folder", "--images", str(tmp_path / "images"), "--masks", str(tmp_path / "masks")]
    words += ["--classes", str(tmp_path / "classes.txt"), "--model", "demo", "--size", "96", "--templates", "single"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)["rows"]["cliptrase"]
    assert row["numbers_beyond_the_classes"] == {"99": {"pixels": 3 * 96, "images": 1}}
    assert row["pAcc"] > 0.5
