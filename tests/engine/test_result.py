"""Labels with their scores, figures that can be checked by hand."""

import math

import numpy as np
import pytest
import torch

from napari_cliptrase import PromptSet
from napari_cliptrase.cliptrase.options import Absent
from napari_cliptrase.cliptrase.scoring import PhraseScores
from napari_cliptrase.engine.absent import Absence
from napari_cliptrase.engine.result import Segmentation
from napari_cliptrase.engine.score import ScoredGrid

PROMPTS = PromptSet.from_names("cat", "dog")
IDS = np.array([1, 2, 0], np.uint16)
LOGITS = torch.log(torch.tensor([[[0.9, 0.2]], [[0.1, 0.8]]]))  # two classes on a grid of one row and two patches
LABELS = np.array([[1, 1, 1, 2, 2, 2], [1, 1, 0, 2, 2, 2]], np.uint8)


def result(labels=LABELS, absent=None):
    absent = absent or {}
    scored = ScoredGrid(
        PhraseScores(LOGITS, np.array([0, 1])).without(absent), labels.shape, np.zeros(3, np.float32), absent
    )
    return Segmentation(labels, PROMPTS.table(), {}, (), scored, IDS)


def test_probabilities_of_classes_stand_at_their_id():
    scores = result().scores
    np.testing.assert_allclose(scores.of(1), [[0.9, 0.2]], atol=1e-6)
    np.testing.assert_allclose(scores.of(2), [[0.1, 0.8]], atol=1e-6)


def test_each_class_has_its_pixels_share_and_mean_and_the_background_where_there_is_some():
    cat, dog, background = result().summary()
    assert (cat.id, cat.name, cat.pixels, cat.area) == (1, "cat", 5, pytest.approx(5 / 12))
    assert cat.mean_score == pytest.approx(0.9)
    assert cat.best_score == pytest.approx(0.9)
    assert (dog.pixels, dog.mean_score) == (6, pytest.approx(0.8))
    assert (background.id, background.name, background.pixels) == (0, "background", 1)
    assert background.mean_score is None


def test_a_class_without_pixels_has_no_mean_but_a_best_place():
    cat, dog = result(np.full((2, 6), 2, np.uint8)).summary()
    assert (cat.pixels, cat.mean_score, cat.best_score) == (0, None, pytest.approx(0.9))
    assert dog.mean_score == pytest.approx((0.1 + 0.8) / 2)


def test_an_absent_class_has_no_probability_and_says_why():
    why = Absence(Absent.PEAK, 0.03, 0.1)
    found = result(np.full((2, 6), 2, np.uint8), {0: why})
    assert found.absent == {1: why}
    assert found.scores.of(1).max() == 0
    cat, dog = found.summary()
    assert (cat.best_score, cat.absence, dog.absence) == (None, why, None)
    np.testing.assert_allclose(found.scores.of(2), 1, atol=1e-6)


def test_the_two_best_at_a_pixel_are_named_with_their_probabilities():
    first, second = result().at(0, 0)
    assert first == (1, "cat", pytest.approx(0.9))
    assert second == (2, "dog", pytest.approx(0.1))
    (best, *_), (other, *_) = result().at(1, 5)
    assert (best, other) == (2, 1)


def test_between_two_patches_the_logits_are_interpolated():
    (_, _, left), (_, _, right) = result().at(0, 2)
    assert left + right == pytest.approx(1)
    share = (2 + 0.5) * 2 / 6 - 0.5
    logits = [(1 - share) * math.log(a) + share * math.log(b) for a, b in ((0.9, 0.2), (0.1, 0.8))]
    total = sum(map(math.exp, logits))
    assert left == pytest.approx(math.exp(logits[0]) / total, abs=1e-5)


def test_the_uncertainty_of_an_image_is_the_mean_over_its_patches():
    assert result().uncertainty == pytest.approx(1 - np.mean([0.9 - 0.1, 0.8 - 0.2]), abs=1e-6)
    nothing_left = {0: Absence(Absent.PEAK, 0.1, 0.3), 1: Absence(Absent.PEAK, 0.1, 0.3)}
    assert result(absent=nothing_left).uncertainty == 0


def test_uncertainty_is_small_where_one_class_is_clear():
    margin = result().margin
    assert margin.shape == LABELS.shape
    assert margin[0, 0] == pytest.approx(1 - (0.9 - 0.1), abs=1e-5)
    assert margin[0, 2] > margin[0, 0]


def test_where_every_class_is_absent_the_background_is_certain():
    why = Absence(Absent.PEAK, 0.03, 0.1)
    found = result(np.zeros((2, 6), np.uint8), {0: why, 1: why})
    assert not found.margin.any()
    assert found.at(0, 0)[0] == (0, "background", 1.0)
