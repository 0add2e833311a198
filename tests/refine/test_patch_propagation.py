import numpy as np
import pytest

from napari_cliptrase.classes.patch_likeness import PatchLikeness
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.refine.patch_propagation import patch_links, propagate, propagated_scores, solve


def alike(correlation, rows=slice(0, 3), columns=slice(0, 4)):
    return PatchLikeness(rows, columns, np.asarray(correlation, np.float32))


@pytest.fixture
def links():
    rows = np.random.default_rng(0).normal(size=(12, 5))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return patch_links(alike(rows @ rows.T))


def test_links_are_symmetric_positive_and_fade(links):
    assert np.allclose(links, links.T)
    assert links.min() == 0
    assert not np.diag(links).any()
    same = patch_links(alike(np.ones((12, 12))))
    assert same[0, 1] > same[0, 3] > 0
    assert same[0, 1] == pytest.approx(np.exp(-0.16))


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_enough_steps_solve_the_equation(links, share):
    scores = np.random.default_rng(1).random((12, 3)).astype(np.float32)
    root = np.diag(1 / np.sqrt(links.sum(1)))
    exact = np.linalg.solve(np.eye(12) - share * root @ links @ root, scores)
    assert np.allclose(propagate(scores, links, share, 40), exact, rtol=1e-4)
    ten = np.abs(propagate(scores, links, share, 10) - exact).max() / np.abs(exact).max()
    assert ten < 0.02


def test_the_solver_stops_where_there_is_nothing_left_to_do():
    right = np.zeros((4, 2))
    assert np.array_equal(solve(right, lambda values: 2 * values, 5), right)
    assert np.allclose(solve(np.ones((4, 2)), lambda values: 2 * values, 5), 0.5)


def test_a_patch_follows_those_that_it_resembles():
    maps = np.full((2, 3, 4), 0.1, np.float32)
    maps[0] = 0.9
    maps[:, 1, 1] = (0.4, 0.6)  # one patch says otherwise
    scores = ClassScores((1, 2), maps, (48, 64), (alike(np.ones((12, 12))),))
    found = propagated_scores(scores, 0.8, 10)
    assert (found.maps.argmax(0) == 0).all()
    np.testing.assert_allclose(found.maps.sum(0), 1, rtol=1e-5)
    assert (propagated_scores(scores, 0.8, 0).maps == 0).all()  # no step, no answer
    assert scores.maps[1, 1, 1] == np.float32(0.6)


def test_a_patch_that_resembles_no_other_keeps_its_scores():
    maps = np.random.default_rng(2).dirichlet((1, 1), (3, 4)).transpose(2, 0, 1).astype(np.float32)
    correlation = np.ones((12, 12))
    correlation[5] = correlation[:, 5] = -1
    found = propagated_scores(ClassScores((1, 2), maps, (48, 64), (alike(correlation),)), 0.5, 10)
    np.testing.assert_allclose(found.maps[:, 1, 1], maps[:, 1, 1], atol=1e-5)
    assert not np.allclose(found.maps, maps, atol=1e-3)


def test_overlapping_windows_agree_on_their_mean():
    maps = np.random.default_rng(3).dirichlet((1, 1, 1), (3, 5)).transpose(2, 0, 1).astype(np.float32)
    one = ClassScores((1, 2, 3), maps, (48, 80), (alike(np.eye(15), columns=slice(0, 5)),))
    ones = np.eye(12)
    two = ClassScores((1, 2, 3), maps, (48, 80), (alike(ones), alike(ones, columns=slice(1, 5))))
    np.testing.assert_allclose(propagated_scores(one, 0.5, 10).maps, maps, atol=1e-5)
    np.testing.assert_allclose(propagated_scores(two, 0.5, 10).maps, maps, atol=1e-5)


def test_scores_without_likeness_stay():
    scores = ClassScores((1,), np.ones((1, 2, 2), np.float32), (4, 4))
    assert propagated_scores(scores, 0.5, 10) is scores
