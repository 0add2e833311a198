import json

import numpy as np
import pytest

from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.evaluate.sam_score import main, targets_of


def test_targets_are_what_is_seen_of_each_element():
    scene = paint_scene(3, (200, 200))
    targets = list(targets_of(scene))
    assert len(targets) > 3
    for target in targets:
        left, top, right, bottom = target.box.astype(int)
        column, row = target.middle.astype(int)
        assert target.region[top:bottom, left:right].sum() == target.region.sum()
        assert target.region[row, column]
        assert set(scene.labels[target.region]) == {NAMES.index(target.name) + 1}


def test_the_shipped_model_reaches_its_aims_on_scenes_that_it_never_saw(capsys: pytest.CaptureFixture[str]):
    main(["--scenes", "12", "--first-seed", "40000", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["box"]["mean"] >= 0.85
    assert found["point"]["mean"] >= 0.75
    main(["--scenes", "1"])
    table = capsys.readouterr().out
    assert "true box" in table
    assert np.mean([name in table for name in NAMES]) == 1


@pytest.mark.parametrize("words", [["--first-seed", "50000000"], ["--scenes", "0"], ["--sam", "no-such.pth"]])
def test_what_cannot_be_scored_is_one_sentence(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(words) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
