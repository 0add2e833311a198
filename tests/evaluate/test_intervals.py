import numpy as np
import pytest

from napari_cliptrase.evaluate.benchmark_scores import BenchmarkScores
from napari_cliptrase.evaluate.class_counts import ImageCounts, RunningCounts
from napari_cliptrase.evaluate.intervals import ImageTable, draw_images, interval, interval_of_difference

CLASSES = ("a", "b", "c")


def images(count: int, right: float, seed: int = 0) -> list[ImageCounts]:
    """Images of which about a share of the pixels is right, some images better than others."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        truth = rng.integers(0, 3, (12, 12)).astype(np.int32)
        wrong = rng.random((12, 12)) > right + rng.uniform(-0.1, 0.1)
        made.append(ImageCounts.of(truth, np.where(wrong, (truth + 1) % 4, truth), len(CLASSES)))
    return made


def test_the_score_is_that_of_all_images_together() -> None:
    made = images(5, 0.7)
    total = RunningCounts.empty(CLASSES)
    for image in made:
        total.add(image)
    expected = BenchmarkScores.of(total.by_class).mean_iou
    assert ImageTable.of(made, 3).mean_iou()[0] == pytest.approx(expected)


def test_weights_count_images_as_often_as_they_say() -> None:
    made = images(3, 0.6)
    twice = ImageTable.of([made[0], made[0], made[2]], 3).mean_iou()[0]
    assert ImageTable.of(made, 3).mean_iou(np.array([[2, 0, 1]]))[0] == pytest.approx(twice)


def test_an_interval_holds_its_score_and_more_images_make_it_narrower() -> None:
    few, many = (interval(ImageTable.of(images(count, 0.7), 3)) for count in (20, 320))
    for found in (few, many):
        assert found.low <= found.score <= found.high
    assert many.high - many.low < few.high - few.low


def test_equal_images_leave_no_doubt() -> None:
    (one,) = images(1, 0.7)
    found = interval(ImageTable.of([one, one], 3))
    assert found.low == found.high == pytest.approx(found.score)
    assert str(found) == f"{found.score:.1f} ({found.score:.1f} to {found.score:.1f})"


def test_a_difference_is_judged_on_the_same_images() -> None:
    before, after = (ImageTable.of(images(40, right, seed=7), 3) for right in (0.6, 0.7))
    gain = interval_of_difference(before, after)
    assert gain.low > 0
    assert gain.low <= gain.score <= gain.high
    same = interval_of_difference(before, before)
    assert (same.score, same.low, same.high) == (0, 0, 0)


def test_as_many_images_are_drawn_as_there_are() -> None:
    weights = draw_images(7, draws=50)
    assert weights.shape == (50, 7)
    assert (weights.sum(1) == 7).all()
    assert np.array_equal(weights, draw_images(7, draws=50))
