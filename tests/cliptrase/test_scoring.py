import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from napari_cliptrase.cliptrase.scoring import (
    PhraseScores,
    below,
    grid_probabilities,
    index_dtype,
    label_pixels,
    phrase_scores,
    rank_pixels,
    soft_vote,
)
from napari_cliptrase.cliptrase.vote import pooling

CASES = st.tuples(
    st.lists(st.integers(1, 3), min_size=1, max_size=6),  # phrases of each class
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.sampled_from([1.0, 100.0, 10000.0]),
)


def made(seed, case):
    counts, grid, size, scale = case
    owner = np.repeat(np.arange(len(counts)), counts)
    logits = scale * torch.randn(len(owner), *grid, generator=torch.Generator().manual_seed(seed))
    return PhraseScores(logits, owner), size


def at_once(scores, size):
    """(classes, H, W) float64 probabilities with everything in memory."""
    whole = F.interpolate(scores.logits[None].double(), size=size, mode="bilinear")[0].softmax(0)
    return torch.stack([whole[scores.owner == index].amax(0) for index in range(scores.classes)]).numpy()


@given(seed=st.integers(0, 2**32 - 1), case=CASES)
@settings(max_examples=150, deadline=None)
def test_labels_and_ranking_equal_those_of_the_whole_volume(seed, case):
    scores, size = made(seed, case)
    probability = at_once(scores, size)
    labels, ranking = label_pixels(scores, size), rank_pixels(scores, size)
    # float32 interpolation of logits of a few ten thousand leaves this much of a probability open
    room = 1e-4 * case[3] / 100 + 1e-5
    ordered = np.sort(probability, 0)
    take = lambda index: np.take_along_axis(probability, index[None].astype(int), 0)[0]  # noqa: E731
    assert (take(labels) >= ordered[-1] - room).all()
    assert (take(ranking.best) >= ordered[-1] - room).all()
    np.testing.assert_allclose(ranking.best_score, ordered[-1], atol=room)
    if scores.classes > 1:
        assert (ranking.best != ranking.second).all()
        assert (take(ranking.second) >= ordered[-2] - room).all()
        np.testing.assert_allclose(ranking.second_score, ordered[-2], atol=room)
    np.testing.assert_allclose(ranking.margin, 1 - (ranking.best_score - ranking.second_score))


@given(seed=st.integers(0, 2**32 - 1), case=CASES)
@settings(max_examples=50, deadline=None)
def test_labels_and_ranking_agree(seed, case):
    scores, size = made(seed, case)
    labels, ranking = label_pixels(scores, size), rank_pixels(scores, size)
    clear = ranking.best_score - ranking.second_score > 1e-3
    assert (labels == ranking.best)[clear].all()


def test_one_class_takes_everything():
    scores = PhraseScores(torch.randn(1, 2, 2), np.array([0]))
    ranking = rank_pixels(scores, (4, 4))
    assert (label_pixels(scores, (4, 4)) == 0).all()
    assert (ranking.best_score == 1).all()
    assert (ranking.second_score == 0).all()
    assert (ranking.margin == 0).all()


def test_equal_classes_are_fully_in_doubt_and_the_first_wins():
    scores = PhraseScores(torch.ones(2, 3, 3), np.arange(2))
    ranking = rank_pixels(scores, (6, 6))
    assert (label_pixels(scores, (6, 6)) == 0).all()
    assert (ranking.best == 0).all()
    np.testing.assert_allclose(ranking.margin, 1, atol=1e-6)


def test_scores_are_scaled_cosines():
    features, text = F.normalize(torch.randn(6, 5), dim=-1), F.normalize(torch.randn(3, 5), dim=-1)
    scores = phrase_scores(features, (2, 3), text, np.arange(3), 100.0)
    assert scores.logits.shape == (3, 2, 3)
    torch.testing.assert_close(scores.logits[1, 1, 2], 100 * features[5] @ text[1])


def test_the_prior_multiplies_by_the_whole_images_scores():
    features, text = F.normalize(torch.rand(6, 5), dim=-1), F.normalize(torch.rand(3, 5), dim=-1)
    image = F.normalize(torch.rand(5), dim=0)
    plain, prior = (phrase_scores(features, (2, 3), text, np.arange(3), 10.0, each) for each in (None, image))
    torch.testing.assert_close(prior.logits, plain.logits * (10 * (text @ image))[:, None, None])


def test_a_threshold_holds_for_its_class_only():
    logits = torch.zeros(2, 1, 2)
    logits[0, 0, 0] = logits[1, 0, 1] = 1.0  # left is class 0 with 73 %, right is class 1 with 73 %
    ranking = rank_pixels(PhraseScores(logits, np.arange(2)), (1, 2))
    assert below(ranking, np.array([0.8, 0.7], np.float32)).tolist() == [[True, False]]


def test_grid_probabilities_are_those_of_each_class_best_phrase():
    scores = PhraseScores(torch.randn(4, 3, 3), np.array([0, 0, 1, 2]))
    shares = scores.logits.softmax(0).numpy()
    found = grid_probabilities(scores)
    assert found.shape == (3, 3, 3)
    np.testing.assert_allclose(found[0], shares[:2].max(0))
    np.testing.assert_allclose(found[1:], shares[2:])


def test_soft_vote_takes_the_class_with_the_highest_mean():
    regions = np.zeros((8, 16), np.int32)
    regions[:, 8:] = 1
    logits = torch.zeros(2, 2, 4)
    logits[0, :, :2], logits[1, :, 2:] = 1.0, 3.0
    winner, probability = soft_vote(PhraseScores(logits, np.arange(2)), pooling(regions, (2, 4)))
    assert winner.tolist() == [0, 1]
    mean = F.interpolate(logits[None], size=(8, 16), mode="bilinear")[0][:, :, 8:].mean((1, 2))
    assert probability[1] == pytest.approx(float(mean.softmax(0)[1]), abs=1e-6)


def test_labels_are_as_small_as_the_classes_allow():
    assert label_pixels(PhraseScores(torch.randn(5, 2, 2), np.arange(5)), (3, 3)).dtype == np.uint8
    assert label_pixels(PhraseScores(torch.randn(300, 2, 2), np.arange(300)), (3, 3)).dtype == np.uint16
    assert index_dtype(255) is np.uint8
    assert index_dtype(256) is np.uint16
