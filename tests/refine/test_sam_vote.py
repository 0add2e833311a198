from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.sam_vote import SamVote, VoteOptions, boxes_of, grid_points, stability

Oracle = Callable[..., Embedder]


def test_masks_give_their_class_exact_boundaries(oracle: Oracle, picture: SimpleNamespace) -> None:
    refiner = SamVote(oracle(picture.truth))
    refiner.prepare(picture.image)
    result = refiner.refine(picture.coarse)
    assert (picture.coarse != picture.truth).mean() > 0.03
    assert (result.labels != picture.truth).mean() < 0.003  # its masks are half as fine as the image
    assert result.labels.dtype == picture.coarse.dtype
    assert "3 masks voted" in result.notes[0]


def test_pixels_in_no_mask_keep_their_label(oracle: Oracle, picture: SimpleNamespace) -> None:
    refiner = SamVote(oracle(picture.truth, {1: 0.1, 2: 0.1}))  # only the disc is drawn with confidence
    refiner.prepare(picture.image)
    result = refiner.refine(picture.coarse).labels
    far = np.hypot(*(np.mgrid[:64, :64] - np.array([30, 20])[:, None, None])) > 16
    assert np.array_equal(result[far], picture.coarse[far])
    assert (result[~far] == 3).sum() > (picture.coarse[~far] == 3).sum()


def test_small_masks_are_painted_over_large_ones(oracle: Oracle) -> None:
    coarse = np.full((64, 64), 4, np.uint8)
    coarse[19:33, 20:34] = 9
    truth = np.ones((64, 64), np.uint8)
    truth[19:33, 18:34] = 2
    whole = oracle(truth)
    # the large mask covers the small one as well
    region = torch.ones(64, 64)
    inner = whole.sam.module.mask_decoder

    def with_holes_filled(**prompts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, quality = inner(**prompts)
        large = logits.gt(0).float().mean((-2, -1), keepdim=True) > 0.5
        return torch.where(large, region[::2, ::2] * 12, logits), quality

    whole.sam.module.mask_decoder = with_holes_filled
    refiner = SamVote(whole)
    refiner.prepare(np.zeros((64, 64, 3), np.uint8))
    result = refiner.refine(coarse).labels
    assert result[0, 0] == result[63, 63] == 4
    assert result[24, 19] == 9


def test_a_mask_without_a_majority_changes_nothing(oracle: Oracle) -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(1, 6, (64, 64)).astype(np.int32)
    refiner = SamVote(oracle(np.ones((64, 64), np.uint8)))
    refiner.prepare(np.zeros((64, 64, 3), np.uint8))
    result = refiner.refine(coarse)
    assert np.array_equal(result.labels, coarse)
    assert "1 had no class in the majority" in result.notes[0]


def test_background_votes_too(oracle: Oracle) -> None:
    coarse = np.zeros((64, 64), np.uint8)
    coarse[:, :20] = 1
    truth = np.ones((64, 64), np.uint8)
    truth[:, 16:] = 2
    refiner = SamVote(oracle(truth))
    refiner.prepare(np.zeros((64, 64, 3), np.uint8))
    result = refiner.refine(coarse).labels
    assert (result[:, :15] == 1).all()
    assert (result[:, 17:] == 0).all()


def test_stopping_in_the_middle_leaves_labels_and_refiner_as_they_were(
    oracle: Oracle, picture: SimpleNamespace
) -> None:
    refiner = SamVote(oracle(picture.truth))
    refiner.prepare(picture.image)
    before = picture.coarse.copy()
    steps = refiner.refine_steps(picture.coarse)
    for _ in range(3):
        next(steps)
    steps.close()
    assert np.array_equal(picture.coarse, before)
    refiner.refine(picture.coarse)
    assert np.array_equal(picture.coarse, before)


def test_an_exception_in_the_middle_leaves_the_labels_as_they_were(oracle: Oracle, picture: SimpleNamespace) -> None:
    embedder = oracle(picture.truth)
    calls: list[int] = []
    inner = embedder.sam.module.mask_decoder

    def failing(**prompts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("out of memory")
        answers: tuple[torch.Tensor, torch.Tensor] = inner(**prompts)
        return answers

    embedder.sam.module.mask_decoder = failing
    refiner = SamVote(embedder)
    refiner.prepare(picture.image)
    before = picture.coarse.copy()
    with pytest.raises(RuntimeError, match="out of memory"):
        refiner.refine(picture.coarse)
    assert np.array_equal(picture.coarse, before)


def test_the_grid_is_as_dense_as_asked(oracle: Oracle, picture: SimpleNamespace) -> None:
    asked: list[int] = []
    embedder = oracle(picture.truth)
    inner = embedder.sam.module.mask_decoder

    def counting(**prompts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        asked.append(len(prompts["sparse_prompt_embeddings"]))
        answers: tuple[torch.Tensor, torch.Tensor] = inner(**prompts)
        return answers

    embedder.sam.module.mask_decoder = counting
    refiner = SamVote(embedder, VoteOptions(points=16))
    refiner.prepare(picture.image)
    refiner.refine(picture.coarse)
    assert sum(asked) == 256
    assert max(asked) <= 16


def test_grid_points_are_the_middles_of_cells_in_single_precision() -> None:
    points = grid_points((40, 80), 4)
    assert points.dtype == np.float32
    assert sorted(set(points[:, 0].tolist())) == [9.5, 29.5, 49.5, 69.5]
    assert sorted(set(points[:, 1].tolist())) == [4.5, 14.5, 24.5, 34.5]
    assert len(np.unique(points, axis=0)) == 16


def test_stability_tells_sharp_from_blurred_masks() -> None:
    ramp = torch.linspace(-10, 10, 40).repeat(40, 1)
    sharp, blurred = ramp * 20, ramp * 0.2
    values = stability(torch.stack([sharp, blurred]))
    assert values[0] > 0.95
    assert values[1] < 0.6


def test_boxes_are_tight() -> None:
    masks = torch.zeros(2, 12, 12, dtype=torch.bool)
    masks[0, 3:5, 7:11] = True
    masks[1, 11, 0] = True
    assert boxes_of(masks).tolist() == [[7, 3, 11, 5], [0, 11, 1, 12]]


def test_labels_of_another_size_are_refused(oracle: Oracle, picture: SimpleNamespace) -> None:
    refiner = SamVote(oracle(picture.truth))
    with pytest.raises(CliptraseError, match="Prepare an image"):
        refiner.refine(picture.coarse)
    refiner.prepare(picture.image)
    with pytest.raises(CliptraseError, match="32 × 64 pixels and the image is 64 × 64"):
        refiner.refine(picture.coarse[:32])
