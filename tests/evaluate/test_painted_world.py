import json

import numpy as np
import pytest

from napari_cliptrase.demo.words import IDS
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.painted_world import LADDER, METHODS, PEERS, main


def test_confusion_by_hand():
    confusion = Confusion()
    truth = np.array([[1, 1, 1, 2]])
    confusion.add(truth, np.array([[1, 1, 2, 2]]))
    assert confusion.accuracy == 0.75
    assert confusion.ious == {"sky": pytest.approx(2 / 3), "mountain": pytest.approx(1 / 2)}
    assert confusion.mean_iou == pytest.approx(7 / 12)
    assert confusion.mistakes(1) == [("sky", "mountain", pytest.approx(1 / 3))]
    assert IDS["mountain"] == 2


def test_seeds_of_trainings_are_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["--first-seed", "1000000"]) == 1
    assert "held out" in capsys.readouterr().err


def test_the_shipped_model_knows_the_world(capsys: pytest.CaptureFixture[str]):
    # seeds far from those of the published figures; the bars leave room for the noise of a dozen scenes
    assert (
        main(["--scenes", "12", "--first-seed", "31337", "--method", "+ recovery", "--method", "cliptrase", "--json"])
        == 0
    )
    scores = json.loads(capsys.readouterr().out)
    assert scores["cliptrase"]["miou"] > 0.70
    assert scores["cliptrase"]["pixel_accuracy"] > 0.89
    assert scores["+ recovery"]["miou"] > 0.70
    assert len(scores["cliptrase"]["iou"]) >= 16


def test_the_ladder_ends_with_the_whole_method():
    assert list(LADDER) == ["vanilla", "+ recovery", "+ clustering vote", "cliptrase"]
    assert set(PEERS) == {"sclip", "clearclip", "naclip", "maskclip"}
    assert len({repr(settings) for settings in METHODS.values()}) == len(METHODS)
