import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.refine.guided import GuidedFilter
from napari_cliptrase.refine.superpixels import Pieces, SuperpixelOptions, Superpixels, vote


@pytest.mark.parametrize("pieces", list(Pieces))
@pytest.mark.parametrize("guided", [True, False])
def test_boundaries_move_to_the_edges_of_the_image(picture: SimpleNamespace, pieces: Pieces, guided: bool) -> None:
    refiner = Superpixels(SuperpixelOptions(pieces, area=30 if guided else 200, guided=guided, radius=6))
    refiner.prepare(picture.image)
    result = refiner.refine(picture.coarse).labels
    wrong = (picture.coarse != picture.truth).sum()
    if pieces is Pieces.NONE and not guided:
        assert np.array_equal(result, picture.coarse)
    else:
        assert (result != picture.truth).sum() < 0.5 * wrong
    assert result.dtype == picture.coarse.dtype


@pytest.mark.parametrize("cells", [3, 12])
def test_filtering_only_around_each_label_changes_nothing(cells: int) -> None:
    rng = np.random.default_rng(cells)
    image = rng.integers(0, 256, (90, 120, 3), dtype=np.uint8).repeat(2, 0)[:90]
    seeds = rng.uniform(0, 120, (cells * cells, 2))
    y, x = np.mgrid[:90, :120]
    labels = ((y[..., None] - seeds[:, 0]) ** 2 + (x[..., None] - seeds[:, 1]) ** 2).argmin(2) * 7
    refiner = Superpixels(SuperpixelOptions(Pieces.NONE, radius=5))
    refiner.prepare(image)
    whole = GuidedFilter(image, 5, 1e-3)
    values = np.unique(labels)
    expected = values[np.stack([whole((labels == value).astype(np.float32)) for value in values]).argmax(0)]
    result = refiner.refine(labels).labels
    assert np.array_equal(result, expected)
    assert (result != labels).any()


def test_many_labels_are_done_in_steps_and_in_time() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (416, 416, 3), dtype=np.uint8)
    labels = np.arange(26 * 26).reshape(26, 26).repeat(16, 0).repeat(16, 1)
    refiner = Superpixels()
    refiner.prepare(image)
    started = time.perf_counter()
    steps = list(refiner.refine_steps(labels))
    assert time.perf_counter() - started < 12
    assert len(steps) > 26 * 26 / 10
    assert all(0 <= step.done <= step.total for step in steps)


def test_scores_have_a_say(picture: SimpleNamespace) -> None:
    refiner = Superpixels(SuperpixelOptions(Pieces.NONE, radius=6))
    refiner.prepare(picture.image)
    # the labels lost the disc but for a corner; the scores know it
    coarse = np.where(picture.coarse == 3, 1, picture.coarse).astype(np.uint8)
    coarse[20:28, 10:18] = 3
    maps = np.stack([(picture.truth[::2, ::2] == i) for i in (1, 2, 3)]).astype(np.float32)
    with_scores = refiner.refine(coarse, ClassScores((1, 2, 3), maps, (64, 64))).labels
    without = refiner.refine(coarse).labels
    disc = picture.truth == 3
    assert (with_scores[disc] == 3).mean() > (without[disc] == 3).mean()


@given(
    arrays(np.int64, (6, 7), elements=st.integers(0, 4)),
    arrays(np.uint16, (6, 7), elements=st.sampled_from([0, 3, 700])),
)
def test_each_piece_takes_a_label_that_none_of_its_other_labels_outnumbers(
    pieces: np.ndarray, labels: np.ndarray
) -> None:
    result = vote(pieces, labels)
    for number in np.unique(pieces):
        inside = pieces == number
        values, counts = np.unique(labels[inside], return_counts=True)
        assert len(np.unique(result[inside])) == 1
        assert counts[values == result[inside][0]] == counts.max()


def test_one_class_everywhere_stays(picture: SimpleNamespace) -> None:
    refiner = Superpixels()
    refiner.prepare(picture.image)
    whole = np.full((64, 64), 9, np.int32)
    assert np.array_equal(refiner.refine(whole).labels, whole)


def test_windows_fit_together(monkeypatch: pytest.MonkeyPatch, picture: SimpleNamespace) -> None:
    monkeypatch.setattr("napari_cliptrase.refine.superpixels.LARGEST_WINDOW", 40)
    refiner = Superpixels(SuperpixelOptions(area=30, radius=6))
    steps = list(refiner.prepare_steps(picture.image))
    assert steps[-1].total == 4
    result = refiner.refine(picture.coarse).labels
    assert (result != picture.truth).sum() < 0.5 * (picture.coarse != picture.truth).sum()


def test_stopping_in_the_middle_keeps_the_image_before(picture: SimpleNamespace) -> None:
    refiner = Superpixels(SuperpixelOptions(area=30))
    refiner.prepare(picture.image)
    expected = refiner.refine(picture.coarse).labels
    steps = refiner.prepare_steps(picture.image[:32])
    next(steps)
    steps.close()
    assert np.array_equal(refiner.refine(picture.coarse).labels, expected)


@pytest.mark.parametrize(
    ("image", "output"),
    [
        (np.zeros((5, 5), np.uint8), r"\(5, 5\) of uint8"),
        (np.zeros((5, 5, 4), np.uint8), r"\(5, 5, 4\)"),
        (np.zeros((5, 5, 3), np.float32), "float32"),
        (np.zeros((0, 5, 3), np.uint8), r"\(0, 5, 3\)"),
    ],
)
def test_other_arrays_than_images_are_refused(image: np.ndarray, output: str) -> None:
    with pytest.raises(CliptraseError, match=output):
        Superpixels().prepare(image)


def test_labels_with_fractions_are_refused(picture: SimpleNamespace) -> None:
    refiner = Superpixels()
    with pytest.raises(CliptraseError, match="Prepare an image"):
        refiner.refine(picture.coarse)
    refiner.prepare(picture.image)
    with pytest.raises(CliptraseError, match="whole numbers"):
        refiner.refine(picture.coarse.astype(np.float32))
