import numpy as np
import pytest

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.lab.label_propagation import after_propagation, patch_links, propagated


@pytest.fixture
def links():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(12, 5))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return patch_links(rows @ rows.T, (3, 4))


def test_links_are_symmetric_positive_and_fade(links):
    assert np.allclose(links, links.T)
    assert links.min() == 0
    assert not np.diag(links).any()
    alike = patch_links(np.ones((12, 12)), (3, 4))
    assert alike[0, 1] > alike[0, 3] > 0
    assert alike[0, 1] == pytest.approx(np.exp(-0.16))


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_enough_steps_solve_the_equation(links, share):
    scores = np.random.default_rng(1).random((12, 3)).astype(np.float32)
    root = np.diag(1 / np.sqrt(links.sum(1)))
    exact = np.linalg.solve(np.eye(12) - share * root @ links @ root, scores)
    assert np.allclose(propagated(scores, links, share, steps=40), exact, rtol=1e-4)
    ten = np.abs(propagated(scores, links, share) - exact).max() / np.abs(exact).max()
    assert ten < 0.02


def test_a_patch_follows_those_that_it_resembles():
    maps = np.full((2, 3, 4), 0.1, np.float32)
    maps[0] = 0.9
    maps[:, 1, 1] = (0.4, 0.6)  # one patch says otherwise
    scores = ClassScores((1, 2), maps, (3 * 16, 4 * 16))
    links = patch_links(np.ones((12, 12)), (3, 4))
    assert (after_propagation(scores, links, 0.0) == 2).any()
    assert (after_propagation(scores, links, 0.8) == 1).all()
