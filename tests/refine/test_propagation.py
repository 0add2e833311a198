from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from napari_cliptrase.classes.patch_likeness import PatchLikeness
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.refine.propagation import Propagation, PropagationOptions, pixel_links, propagated_map

NEAR = PropagationOptions(steps=5, distances=(1, 4))


def dense(links: np.ndarray, distances: tuple[int, ...]) -> np.ndarray:
    """The links (8 · distances, H, W) as a matrix (H·W, H·W)."""
    height, width = links.shape[1:]
    matrix = np.zeros((height * width, height * width))
    offsets = [(y * d, x * d) for d in distances for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x]
    for link, (down, right) in zip(links, offsets, strict=True):
        for row in range(height):
            for column in range(width):
                if 0 <= row + down < height and 0 <= column + right < width:
                    matrix[row * width + column, (row + down) * width + column + right] = link[row, column]
                else:
                    assert link[row, column] == 0  # nothing lies beyond the border
    return matrix


def test_maps_solve_the_equation() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    options = PropagationOptions(steps=60, distances=(1, 3), pixel_share=0.9, contrast=0.3)
    links = pixel_links(image, options)
    matrix = dense(links, options.distances)
    assert np.allclose(matrix, matrix.T, atol=1e-6)
    values = rng.random((9, 11)).astype(np.float32)
    exact = np.linalg.solve(np.eye(99) - 0.9 * matrix, values.ravel()).reshape(values.shape)
    assert np.allclose(propagated_map(values, links, options), exact, rtol=1e-3)


def test_patches_that_are_alike_have_a_say(picture: SimpleNamespace) -> None:
    """A disc whose scores are doubtful follows the one place where they are sure, since its patches are alike."""
    refiner = Propagation(NEAR)
    refiner.prepare(picture.image)
    true = np.stack([(picture.truth[4::8, 4::8] == i) for i in (1, 2, 3)]).astype(np.float32)
    doubtful = true.copy()
    disc = true[2] == 1
    doubtful[:, disc] = np.array([0.55, 0, 0.45], np.float32)[:, None]
    row, column = np.argwhere(disc)[0]
    doubtful[:, row, column] = (0, 0, 1)
    kinds = true.argmax(0).ravel()
    alike = (kinds[:, None] == kinds).astype(np.float32)
    scores = ClassScores((1, 2, 3), doubtful, (64, 64))
    whole = (slice(0, 8), slice(0, 8))
    knowing = replace(scores, likeness=(PatchLikeness(*whole, correlation=alike),))
    coarse = picture.coarse.copy()
    pixels = picture.truth == 3
    found = {
        name: (refiner.refine(coarse, given).labels[pixels] == 3).mean()
        for name, given in (("without", scores), ("with", knowing))
    }
    plain = refiner.refine(coarse, scores).labels
    assert (refiner.refine(coarse, knowing).labels != plain).any()
    assert found["with"] > found["without"]


def test_spreading_only_around_each_label_changes_nothing() -> None:
    image = np.random.default_rng(3).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    y, x = np.mgrid[:90, :120]
    labels = (y // 15 * 8 + x // 15).astype(np.uint16) * 7
    options = replace(NEAR, contrast=0.5)
    refiner = Propagation(options)
    refiner.prepare(image)
    links = pixel_links(image, options)
    values = np.unique(labels)
    whole = np.stack([propagated_map((labels == value).astype(np.float32), links, options) for value in values])
    result = refiner.refine(labels).labels
    assert (result != values[whole.argmax(0)]).mean() < 1e-3
    assert (result != labels).any()


def test_an_image_of_one_colour_is_no_trouble() -> None:
    links = pixel_links(np.full((20, 30, 3), 7, np.uint8), NEAR)
    assert np.isfinite(links).all()


def test_windows_fit_together(monkeypatch: pytest.MonkeyPatch, picture: SimpleNamespace) -> None:
    whole = Propagation(NEAR)
    whole.prepare(picture.image)
    expected = whole.refine(picture.coarse).labels
    monkeypatch.setattr("napari_cliptrase.refine.propagation.WINDOW_SIDE", 40)
    refiner = Propagation(NEAR)
    refiner.prepare(picture.image)
    steps = list(refiner.refine_steps(picture.coarse))
    assert steps[-1].done == steps[-1].total == 4
    assert (refiner.refine(picture.coarse).labels != expected).mean() < 0.02


def test_the_record_says_how() -> None:
    options = {"steps": 10, "distances": [1, 8, 16], "contrast": 0.05, "share": 0.5, "pixel_share": 0.99}
    assert Propagation().record() == {"method": "propagation", "options": options}
