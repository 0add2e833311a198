from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.refine.pamr import Pamr, PamrOptions, neighbour_weights, spread_map

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "scclip" / "scene_224.npz"
NEAR = PamrOptions(rounds=4, dilations=(2, 4))


def test_maps_equal_those_of_the_published_code() -> None:
    golden = np.load(GOLDEN)
    options = PamrOptions()
    weights = neighbour_weights(golden["pixels"][:112, :112], options.dilations)
    for given, expected in zip(golden["pamr_input"], golden["pamr_output"], strict=True):
        assert np.abs(spread_map(given, weights, options) - expected).max() <= 1e-5


def test_scores_have_a_say(picture: SimpleNamespace) -> None:
    refiner = Pamr(NEAR)
    refiner.prepare(picture.image)
    # the labels lost the disc but for a corner; the scores know it
    coarse = np.where(picture.coarse == 3, 1, picture.coarse).astype(np.uint8)
    coarse[20:28, 10:18] = 3
    maps = np.stack([(picture.truth[::2, ::2] == i) for i in (1, 2, 3)]).astype(np.float32)
    with_scores = refiner.refine(coarse, ClassScores((1, 2, 3), maps, (64, 64))).labels
    disc = picture.truth == 3
    assert (with_scores[disc] == 3).mean() > (refiner.refine(coarse).labels[disc] == 3).mean()


def test_spreading_only_around_each_label_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (90, 120, 3), dtype=np.uint8)
    y, x = np.mgrid[:90, :120]
    labels = (y // 15 * 8 + x // 15).astype(np.uint16) * 7
    refiner = Pamr(NEAR)
    refiner.prepare(image)
    weights = neighbour_weights(image, NEAR.dilations)
    values = np.unique(labels)
    whole = np.stack([spread_map((labels == value).astype(np.float32), weights, NEAR) for value in values])
    result = refiner.refine(labels).labels
    assert np.array_equal(result, values[whole.argmax(0)])
    assert (result != labels).any()


def test_an_image_of_one_colour_gives_no_numbers_that_are_none() -> None:
    weights = neighbour_weights(np.full((20, 30, 3), 7, np.uint8), (2,))
    assert np.allclose(weights, 1 / 8)


def test_windows_fit_together_and_are_counted(monkeypatch: pytest.MonkeyPatch, picture: SimpleNamespace) -> None:
    whole = Pamr(NEAR)
    whole.prepare(picture.image)
    expected = whole.refine(picture.coarse).labels
    monkeypatch.setattr("napari_cliptrase.refine.pamr.LARGEST", 40)
    refiner = Pamr(NEAR)
    refiner.prepare(picture.image)
    steps = list(refiner.refine_steps(picture.coarse))
    assert steps[-1].done == steps[-1].total == 4
    assert all(before.done * after.total <= after.done * before.total for before, after in pairwise(steps))
    result = refiner.refine(picture.coarse).labels
    assert (result != expected).mean() < 0.01


def test_the_record_says_how(picture: SimpleNamespace) -> None:
    assert Pamr().record() == {"method": "pamr", "options": {"rounds": 10, "dilations": [8, 16]}}
