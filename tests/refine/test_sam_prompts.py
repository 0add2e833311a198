from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.sam_prompts import PromptOptions, SamPrompts

Oracle = Callable[..., Embedder]
BLANK = np.zeros((64, 64, 3), np.uint8)


def _scores(picture: SimpleNamespace) -> ClassScores:
    ids = (1, 2, 3)
    maps = np.stack([(picture.coarse[4::8, 4::8] == i) * 0.8 + 0.1 for i in ids]).astype(np.float32)
    return ClassScores(ids, maps, (64, 64))


@pytest.mark.parametrize("scored", [False, True])
def test_every_piece_gets_its_exact_outline(oracle: Oracle, picture: SimpleNamespace, scored: bool) -> None:
    refiner = SamPrompts(oracle(picture.truth))
    refiner.prepare(picture.image)
    result = refiner.refine(picture.coarse, _scores(picture) if scored else None)
    assert (picture.coarse != picture.truth).mean() > 0.03
    assert (result.labels != picture.truth).mean() < 0.01
    assert result.labels.dtype == picture.coarse.dtype
    assert result.notes == ("SAM redrew 3 pieces; 0 stay as they were, since its answer was unsure or elsewhere.",)


def test_an_unsure_answer_leaves_the_piece_as_it_was(oracle: Oracle, picture: SimpleNamespace) -> None:
    refiner = SamPrompts(oracle(picture.truth, {3: 0.79}))
    refiner.prepare(picture.image)
    result = refiner.refine(picture.coarse)
    disc = picture.coarse == 3
    assert "redrew 2 pieces; 1 stay" in result.notes[0]
    # the neighbours stop where they see the disc; their masks are half as fine as the image
    assert (result.labels[disc & (picture.truth == 3)] == 3).mean() > 0.97
    lower = SamPrompts(oracle(picture.truth, {3: 0.79}), PromptOptions(quality=0.7))
    lower.prepare(picture.image)
    assert "redrew 3 pieces" in lower.refine(picture.coarse).notes[0]


def test_an_answer_elsewhere_leaves_the_piece_as_it_was(oracle: Oracle) -> None:
    coarse = np.zeros((64, 64), np.uint8)
    coarse[8:20, 8:20] = 1
    truth = np.ones((64, 64), np.uint8)
    truth[40:60, 40:60] = 2
    refiner = SamPrompts(oracle(truth))  # under the piece lies something much larger
    refiner.prepare(BLANK)
    result = refiner.refine(coarse)
    assert np.array_equal(result.labels, coarse)
    assert "redrew 0 pieces; 1 stay" in result.notes[0]


def test_a_thing_on_background_loses_what_it_had_too_much(oracle: Oracle) -> None:
    truth = np.full((64, 64), 7, np.uint8)
    truth[20:40, 20:44] = 1
    coarse = np.zeros((64, 64), np.uint8)
    coarse[16:44, 18:48] = 5
    refiner = SamPrompts(oracle(truth))
    refiner.prepare(BLANK)
    result = refiner.refine(coarse).labels
    assert np.array_equal(result != 0, truth == 1)


def test_what_is_given_up_goes_to_the_neighbour_that_stayed(oracle: Oracle) -> None:
    truth = np.full((64, 64), 7, np.uint8)
    truth[20:40, 20:44] = 1
    coarse = np.full((64, 64), 3, np.uint8)
    coarse[16:44, 18:48] = 5
    refiner = SamPrompts(oracle(truth, {7: 0.2}))  # the ground is not redrawn
    refiner.prepare(BLANK)
    result = refiner.refine(coarse).labels
    assert np.array_equal(result == 5, truth == 1)
    assert np.array_equal(result == 3, truth == 7)


def test_a_hole_that_no_one_knows_keeps_its_label(oracle: Oracle) -> None:
    truth = np.full((64, 64), 7, np.uint8)
    truth[30:36, 30:36] = 2  # something in the middle that the coarse labels do not have
    coarse = np.full((64, 64), 3, np.uint8)
    refiner = SamPrompts(oracle(truth))
    refiner.prepare(BLANK)
    # the answer to a point beside the hole leaves the hole out
    result = refiner.refine(coarse, ClassScores((3,), _peak_at(0, 0), (64, 64))).labels
    assert np.array_equal(result, coarse)


def _peak_at(row: int, column: int) -> np.ndarray:
    maps = np.full((1, 8, 8), 0.5, np.float32)
    maps[0, row, column] = 0.9
    return maps


def test_overlaps_go_to_the_higher_score(oracle: Oracle) -> None:
    coarse = np.zeros((64, 64), np.uint8)
    coarse[:, :30] = 1
    coarse[:, 30:] = 2
    everything = oracle(np.ones((64, 64), np.uint8))
    maps = np.stack([np.full((8, 8), 0.3), np.full((8, 8), 0.7)]).astype(np.float32)
    refiner = SamPrompts(everything)
    refiner.prepare(BLANK)
    assert (refiner.refine(coarse, ClassScores((1, 2), maps, (64, 64))).labels == 2).all()
    assert (refiner.refine(coarse, ClassScores((1, 2), maps[::-1].copy(), (64, 64))).labels == 1).all()


def test_specks_are_not_asked_about(oracle: Oracle, picture: SimpleNamespace) -> None:
    coarse = picture.coarse.copy()
    coarse[60, 60] = 9
    refiner = SamPrompts(oracle(picture.truth))
    refiner.prepare(picture.image)
    assert "redrew 3 pieces; 0 stay" in refiner.refine(coarse).notes[0]


def test_any_integer_labels_are_taken(oracle: Oracle, picture: SimpleNamespace) -> None:
    refiner = SamPrompts(oracle(picture.truth))
    refiner.prepare(picture.image)
    expected = refiner.refine(picture.coarse).labels
    for dtype in (np.int16, np.uint32, np.int64):
        large = picture.coarse.astype(dtype) * 1000 % 30011
        found = refiner.refine(large).labels
        assert found.dtype == dtype
        assert np.array_equal(found, expected.astype(dtype) * 1000 % 30011)


def test_empty_labels_stay_empty_and_cost_nothing(oracle: Oracle) -> None:
    refiner = SamPrompts(oracle(np.ones((64, 64), np.uint8)))
    refiner.prepare(BLANK)
    assert not refiner.refine(np.zeros((64, 64), np.uint8)).labels.any()


def test_stopping_in_the_middle_leaves_the_labels_as_they_were(oracle: Oracle, picture: SimpleNamespace) -> None:
    refiner = SamPrompts(oracle(picture.truth))
    refiner.prepare(picture.image)
    before = picture.coarse.copy()
    total = len(list(refiner.refine_steps(picture.coarse)))
    for stop in range(1, total):
        steps = refiner.refine_steps(picture.coarse)
        for _ in range(stop):
            next(steps)
        steps.close()
        assert np.array_equal(picture.coarse, before)


def test_large_images_are_refined_in_windows_that_fit_together(embedder: Embedder) -> None:
    image = np.random.default_rng(0).integers(0, 256, (100, 300, 3), dtype=np.uint8)
    labels = np.zeros((100, 300), np.uint8)
    labels[30:70, 40:260] = 2
    refiner = SamPrompts(embedder, PromptOptions(quality=-10.0, overlap=0.0))
    refiner.prepare(image)
    steps = refiner.refine_steps(labels)
    seen = [next(steps)]
    result = None
    try:
        while True:
            seen.append(next(steps))
    except StopIteration as end:
        result = end.value.labels
    assert result is not None
    assert result.shape == labels.shape
    assert {step.total for step in seen} == {len(embedder.tiles((100, 300)))}
    assert seen[-1].done == seen[-1].total


def test_an_unprepared_image_is_encoded_only_once_for_both_calls(oracle: Oracle, picture: SimpleNamespace) -> None:
    embedder = oracle(picture.truth)
    refiner = SamPrompts(embedder)
    run_to_end(refiner.prepare_steps(picture.image))
    refiner.refine(picture.coarse)
    refiner.refine(picture.coarse)
    assert embedder.sam.module.image_encoder.calls == 1
    assert torch.is_inference_mode_enabled() is False
