"""A table in words, with numbers that can be checked by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_cliptrase.evaluate.class_counts import ImageCounts, RunningCounts
from napari_cliptrase.evaluate.evaluation import EvaluatedRow, EvaluationResult
from napari_cliptrase.evaluate.evaluation_report import EvaluationReport
from napari_cliptrase.evaluate.intervals import Interval

TRUTH = np.array([[0, 0, 0, 1]], np.int32)


def evaluated(name: str, found: list[int], beyond: dict[int, int] | None = None) -> EvaluatedRow:
    counts = RunningCounts.empty(["cat", "<dog>", "bird"])
    counts.add(ImageCounts.of(TRUTH, np.array([found], np.int32), 3, beyond))
    return EvaluatedRow(name, counts, Interval(50.0, 10.0, 90.0))


@pytest.fixture
def report() -> EvaluationReport:
    rows = (evaluated("good", [0, 0, 0, 1], {99: 7}), evaluated("half", [0, 0, 1, 1]))
    return EvaluationReport("Three <pets>", EvaluationResult(rows, {}, 0))


def test_each_line_has_its_figures_in_percent(report: EvaluationReport) -> None:
    head, good, half = report.table()
    assert head == ["method", "images", "pAcc", "mAcc", "fwIoU", "mIoU", "95 % of mIoU", "boundary IoU"]
    assert good[:6] == ["good", "1", "100.00", "100.00", "100.00", "100.00"]
    assert half[:3] == ["half", "1", "75.00"]
    assert half[5] == "58.33"  # 2/3 and 1/2
    assert half[6] == "10.0 to 90.0"


def test_published_figures_have_a_column_only_where_there_are_some(report: EvaluationReport) -> None:
    with_them = replace(report, published={"half": {"mIoU": 12.3}})
    assert [line[-1] for line in with_them.table()] == ["published mIoU", "", "12.30"]
    assert with_them.as_json()["rows"]["half"]["published"] == {"mIoU": 12.3}


def test_columns_line_up_on_a_terminal(report: EvaluationReport) -> None:
    lines = report.text().splitlines()
    ends = {line.index(text) + len(text) for line, text in zip(lines, ("pAcc", "100.00", "75.00"), strict=True)}
    assert len(ends) == 1
    assert [line.split()[0] for line in lines] == ["method", "good", "half"]


def test_what_was_not_scored_is_reported_and_long_lists_are_cut(report: EvaluationReport) -> None:
    failures = {f"{number}.png": "it is damaged." for number in range(25)}
    result = replace(report.result, failures=failures, left_out=3)
    remarks = replace(report, result=result, notes=["A note."]).remarks()
    assert remarks[0] == "A note."
    assert remarks[1] == "Without a class in the scored square, so left out: 3 images."
    assert remarks[2] == "25 images could not be scored:"
    assert remarks[3] == "0.png: it is damaged."
    assert "… and 5 more, which the JSON file names." in remarks
    assert remarks[-1] == "No class has the number 99, so not scored: 7 pixels in 1 mask."


def test_a_clean_run_has_no_remarks() -> None:
    report = EvaluationReport("t", EvaluationResult((evaluated("good", [0, 0, 0, 1]),), {}, 0))
    assert report.remarks() == []


def test_the_page_escapes_what_people_wrote_and_has_the_iou_of_each_class(report: EvaluationReport) -> None:
    page = report.page()
    assert "Three &lt;pets&gt;" in page
    assert "<td>&lt;dog&gt;</td><td>100.0</td><td>50.0</td>" in page
    assert "<td>bird</td><td></td><td></td>" in page  # occurs nowhere


def test_the_data_for_a_program_is_json_with_shares(report: EvaluationReport) -> None:
    data = json.loads(json.dumps(report.as_json(), allow_nan=False))
    half = data["rows"]["half"]
    assert half["pAcc"] == 0.75
    assert half["iou_by_class"] == {"cat": pytest.approx(2 / 3), "<dog>": 0.5, "bird": None}
    assert half["mIoU_interval"] == [0.1, 0.9]
    assert data["scored_as"] == "field"
    assert data["rows"]["good"]["numbers_beyond_the_classes"] == {"99": {"pixels": 7, "images": 1}}


def test_figures_are_those_of_the_published_code_where_that_is_asked_for(report: EvaluationReport) -> None:
    published = replace(report, as_published=True)
    row = report.result.rows[1]
    assert published.scores(row) == row.published_scores
    assert published.as_json()["scored_as"] == "published"
