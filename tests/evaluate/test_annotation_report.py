import json

import numpy as np
import pytest

from napari_cliptrase.evaluate.annotated_folder import WORKFLOWS, AnnotatedFolder
from napari_cliptrase.evaluate.annotation_effort import CostModel, Effort
from napari_cliptrase.evaluate.annotation_report import (
    curve_record,
    curve_table,
    draw_actions,
    study_record,
    study_table,
)
from napari_cliptrase.evaluate.annotator import AnnotatedImage
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.learning_curve import LearningPoint


def image(few, many, start=0.5):
    def effort(actions):
        return None if actions is None else Effort({"brush": actions}, seconds=2.0 * actions)

    return AnnotatedImage(np.zeros((2, 2), np.int32), start, {0.9: effort(few), 0.95: effort(many)})


@pytest.fixture
def folders():
    return (
        AnnotatedFolder(WORKFLOWS[0], (image(10, 20), *[image(4, 6)] * 11)),
        AnnotatedFolder(WORKFLOWS[1], (image(1, None), image(3, 5))),
    )


def test_the_table_has_means_and_says_what_was_given_up(folders):
    lines = study_table(folders).splitlines()
    assert len(lines) == 4
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == ["painting", "50.0", "4.5", "9.0", "7.2", "14.3", "4.0", "0"]
    assert lines[3].rstrip(" |").endswith("1")


def test_the_record_holds_every_image_and_the_costs(folders):
    record = json.loads(json.dumps(study_record(folders, CostModel(), {"model": "demo"})))
    assert record["model"] == "demo"
    assert record["costs"]["click"] == CostModel().click
    assert record["workflows"]["painting"][0]["reached"]["0.90"]["actions"] == 10
    assert record["workflows"][WORKFLOWS[1].name][0]["reached"]["0.95"] is None


def test_the_plot_is_a_picture(folders, tmp_path):
    path = tmp_path / "plots" / "actions.png"
    draw_actions(folders, path)
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_a_learning_curve_as_table_and_record():
    counts = Confusion(("a", "b"), np.array([[3, 1], [0, 4]]))
    points = (LearningPoint(5, (0,), counts),)
    assert curve_table(points, 2).splitlines()[-1] == "| 5 | 1 of 2 | 77.5 | 75.0 |"
    assert curve_record(points)[0]["IoU"] == pytest.approx({"a": 0.75, "b": 0.8})
