"""From phrases and an encoding to a class for each pixel, with numbers that can be checked by hand."""

import numpy as np
import pytest
import torch

from napari_cliptrase import PromptSet, Settings
from napari_cliptrase.cliptrase.options import Absent, Denoise, SynonymMerge, Vote
from napari_cliptrase.engine.absent import Absence
from napari_cliptrase.engine.encoding import Encoding, WindowEncoding
from napari_cliptrase.engine.score import EmbeddedPhrases, ScoredGrid, all_phrases, assign, score, to_ids
from napari_cliptrase.pixels.windows import plan_windows

PROMPTS = PromptSet.parse("cat: kitten\ndog\nbackground: wall, floor")
GRID = (1, 4)
SHAPE = (4, 16)
UNIT = torch.eye(4)


def encoding_of(patches, regions):
    """An image of four patches side by side, each a unit vector that fits one phrase; ``regions`` of each patch."""
    window = WindowEncoding(
        np.eye(5, dtype=np.float32),
        np.array(regions),
        np.ones(4, np.float32),
        np.eye(4, dtype=np.float16),
        Denoise.NONE,
    )
    features = UNIT[list(patches)].numpy()
    picture = np.zeros((16, 64, 3), np.uint8)
    plan = plan_windows(GRID, 9, 0)
    return Encoding(features, np.ones(4, np.float32) / 2, (window,), picture, plan, SHAPE, "k", "i", "")


def scored(patches, regions, scale=20.0, **settings):
    phrases = EmbeddedPhrases.of(PromptSet.from_names("a", "b", "c"), UNIT[:3], SynonymMerge.MEAN)
    encoding = encoding_of(patches, regions)
    return score(encoding, phrases, PromptSet.from_names("a", "b", "c"), Settings(**settings), scale), encoding


def patches_of(labels):
    """What most pixels of each patch are."""
    return [int(np.bincount(labels[:, 4 * at : 4 * at + 4].ravel()).argmax()) for at in range(4)]


def test_phrases_come_class_by_class_and_the_background_last():
    assert all_phrases(PROMPTS) == ["cat", "kitten", "dog", "wall", "floor"]


def test_synonyms_are_one_vector_or_compete_and_the_background_always_competes():
    vectors = torch.eye(5)
    mean = EmbeddedPhrases.of(PROMPTS, vectors, SynonymMerge.MEAN)
    assert mean.owner.tolist() == [0, 1, 2, 2]
    torch.testing.assert_close(mean.text[0], torch.tensor([0.5**0.5, 0.5**0.5, 0, 0, 0]))
    best = EmbeddedPhrases.of(PROMPTS, vectors, SynonymMerge.MAX)
    assert best.owner.tolist() == [0, 0, 1, 2, 2]
    torch.testing.assert_close(best.text, vectors)
    assert best.ids.tolist() == [1, 2, 0]


def test_without_a_vote_every_patch_has_the_class_that_fits_it():
    grid, encoding = scored([0, 1, 2, 1], [0, 0, 0, 0])
    assert patches_of(assign(grid, encoding, Vote.OFF)) == [0, 1, 2, 1]


def test_the_majority_of_a_region_decides_unless_a_pixel_is_sure():
    grid, encoding = scored([0, 1, 1, 1], [0, 0, 0, 0])
    assert (assign(grid, encoding, Vote.HARD) == 1).all()
    assert patches_of(assign(grid, encoding, Vote.HARD, protect=0.5))[0] == 0


def test_the_highest_mean_of_a_region_decides():
    grid, encoding = scored([0, 1, 1, 1], [0, 0, 0, 0])
    assert (assign(grid, encoding, Vote.SOFT) == 1).all()


@pytest.mark.parametrize("vote", Vote)
def test_what_is_too_weak_for_its_class_is_background(vote):
    grid, encoding = scored([0, 0, 0, 0], [0, 0, 0, 0], scale=1.0, threshold=0.9)
    assert (assign(grid, encoding, vote) == grid.nothing).all()
    grid, encoding = scored([0, 0, 0, 0], [0, 0, 0, 0], scale=1.0, threshold=0.2)
    assert (assign(grid, encoding, vote) == 0).all()


def test_a_threshold_of_a_class_goes_before_the_one_for_all():
    prompts = PromptSet.parse("a [threshold=0.1]\nb\nc")
    phrases = EmbeddedPhrases.of(prompts, UNIT[:3], SynonymMerge.MEAN)
    grid = score(encoding_of([0] * 4, [0] * 4), phrases, prompts, Settings(threshold=0.5), 1.0)
    assert grid.thresholds == pytest.approx([0.1, 0.5, 0.5, 0])


def test_the_lead_is_how_far_the_best_class_is_ahead():
    grid, _ = scored([0, 1, 2, 1], [0, 0, 0, 0], scale=1.0)
    best, other = np.exp(1) / (np.exp(1) + 2), 1 / (np.exp(1) + 2)
    np.testing.assert_allclose(grid.lead(), best - other, atol=1e-6)


def test_where_every_class_is_absent_everything_is_background():
    grid, encoding = scored([0, 1, 2, 1], [0, 0, 0, 0])
    absent = {index: Absence(Absent.PEAK, 0.0, 0.1) for index in range(3)}
    empty = ScoredGrid(grid.scores.without(absent), grid.shape, grid.thresholds, absent)
    for vote in Vote:
        assert (assign(empty, encoding, vote) == empty.nothing).all()


def test_ids_take_the_smallest_type_that_holds_them():
    indices = np.array([[0, 1, 2]], np.uint8)
    small = to_ids(indices, np.array([7, 255, 0], np.uint16))
    large = to_ids(indices, np.array([7, 256, 0], np.uint16))
    assert (small.dtype, small.tolist()) == (np.uint8, [[7, 255, 0]])
    assert (large.dtype, large.tolist()) == (np.uint16, [[7, 256, 0]])
