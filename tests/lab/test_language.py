import numpy as np
import pytest

from napari_cliptrase.demo.words import IDS, NAMES
from napari_cliptrase.lab.language import draw_prompts, write_captions
from napari_cliptrase.lab.pictures import PAINT_NAMES, Crops


def _crops(*contents: dict[tuple[str, str], float]) -> Crops:
    shares = np.zeros((len(contents), 1 + len(NAMES), 1 + len(PAINT_NAMES)), np.float32)
    for i, content in enumerate(contents):
        for (name, paint), share in content.items():
            shares[i, IDS[name], PAINT_NAMES.index(paint) + 1 if paint else 0] = share
    counts = (shares.sum(2) > 0).astype(np.int64)
    return Crops(np.empty((0, 0, 0, 3), np.uint8), np.zeros((len(contents), 4), np.float32), shares, counts)


def test_prompts_are_true_of_the_crops_that_show_them():
    crops = _crops({("sea", ""): 0.6, ("ball", "red"): 0.3, ("boat", "blue"): 0.01}, {("ball", "blue"): 1.0})
    for seed in range(30):
        prompts = draw_prompts(np.random.default_rng(seed))
        truth = prompts.truth(crops)
        for (class_id, paint), (first, second) in zip(prompts.meanings, truth.T, strict=True):
            if class_id == IDS["sea"]:
                assert (first, second) == (1, 0)
            if class_id == IDS["ball"]:
                output = PAINT_NAMES[paint - 1] if paint else ""
                assert (first, second) == {"": (1, 1), "red": (1, 0), "blue": (0, 1)}.get(output, (0, 0))
            if class_id == IDS["boat"] and not paint:
                assert first == -1, "so little of a boat that nothing is said about it"
            if class_id == 0:
                assert (first, second) == (0, 0), "a word that means nothing is never there"


def test_every_class_competes_in_every_draw():
    for seed in range(10):
        meanings = draw_prompts(np.random.default_rng(seed)).meanings
        assert set(meanings[:, 0]) == set(range(len(NAMES) + 1))


def test_captions_are_true_of_their_own_crop_and_of_others_alike():
    crops = _crops(
        {("sea", ""): 0.7, ("ball", "red"): 0.3},
        {("sea", ""): 1.0},
        {("ball", "red"): 0.015, ("ball", "blue"): 0.015, ("grass", ""): 0.97},
    )
    for seed in range(20):
        captions = write_captions(crops, np.random.default_rng(seed))
        assert captions.truth.diagonal().all()
        assert captions.truth[1, 0], "a caption of the sea is true of the sea with a ball, too"
        if "ball" in captions.sentences[0]:
            assert not captions.truth[0, 1]


def test_extents_are_reported_in_tenths():
    crops = _crops({("sea", ""): 0.68, ("sand", ""): 0.29, ("sun", ""): 0.03}, {("ball", "red"): 1.0})
    for seed in range(10):
        prompts = draw_prompts(np.random.default_rng(seed))
        extents = prompts.extents(crops)
        assert np.allclose(extents.sum(1), 1)
        classes = prompts.meanings[:, 0]
        assert extents[0, classes == IDS["sea"]] == pytest.approx(0.7)
        assert extents[0, classes == IDS["sand"]] == pytest.approx(0.3)
        assert extents[0, classes == IDS["sun"]] == 0
        assert extents[1, classes == IDS["ball"]].sum() == pytest.approx(1.0)
