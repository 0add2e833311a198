import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_cliptrase.evaluate.boundaries import BoundaryCounts
from napari_cliptrase.evaluate.class_counts import ImageCounts, RunningCounts
from napari_cliptrase.evaluate.labelled_images import UNCOUNTED

NAMES = ("sky", "sea", "sand")
NOTHING = 3
SHAPE = (9, 7)
TRUTHS = arrays(np.int32, SHAPE, elements=st.integers(UNCOUNTED, 2))
FOUNDS = arrays(np.int32, SHAPE, elements=st.integers(0, NOTHING))


def running(*images: tuple[np.ndarray, np.ndarray]) -> RunningCounts:
    total = RunningCounts.empty(NAMES)
    for truth, found in images:
        total.add(ImageCounts.of(truth, found, len(NAMES)))
    return total


@given(TRUTHS, FOUNDS)
def test_counts_are_those_of_counting_pixel_by_pixel(truth: np.ndarray, found: np.ndarray) -> None:
    by_class = running((truth, found)).by_class
    counted = truth != UNCOUNTED
    for index in range(len(NAMES)):
        assert by_class.true[index] == (truth == index).sum()
        assert by_class.found[index] == ((found == index) & counted).sum()
        assert by_class.hit[index] == ((found == index) & (truth == index)).sum()


def test_a_pixel_without_a_class_is_wrong_but_is_no_class() -> None:
    truth = np.zeros((2, 2), np.int32)
    found = np.array([[0, NOTHING], [0, 0]], np.int32)
    by_class = running((truth, found)).by_class
    assert (by_class.hit[0], by_class.true[0], by_class.found.sum()) == (3, 4, 3)


@given(TRUTHS, FOUNDS)
def test_counts_survive_json(truth: np.ndarray, found: np.ndarray) -> None:
    counts = ImageCounts.of(truth, found, len(NAMES), {77: 3})
    again = ImageCounts.from_json(json.loads(json.dumps(counts.as_json())))
    assert np.array_equal(again.pairs, counts.pairs)
    assert np.array_equal(again.boundary, counts.boundary)
    assert again.beyond == {77: 3}


def test_boundaries_are_those_of_whole_images_where_all_is_known() -> None:
    rng = np.random.default_rng(3)
    truth, found = rng.integers(0, 3, (2, 8, 8)).repeat(4, 1).repeat(4, 2).astype(np.int32)
    whole = BoundaryCounts.of(truth, found, len(NAMES))
    assert running((truth, found)).mean_boundary_iou == pytest.approx(np.nanmean(whole.iou))


def test_a_boundary_to_pixels_that_nobody_knows_is_no_boundary() -> None:
    truth = np.zeros((12, 12), np.int32)
    truth[:, 6:] = UNCOUNTED
    counts = ImageCounts.of(truth, np.zeros((12, 12), np.int32), len(NAMES))
    assert len(counts.boundary) == 0


def test_numbers_beyond_the_classes_are_summed_over_images() -> None:
    total = RunningCounts.empty(NAMES)
    labels = np.zeros((2, 2), np.int32)
    for pixels in (3, 4):
        total.add(ImageCounts.of(labels, labels, len(NAMES), {77: pixels}))
    assert total.beyond == {77: (7, 2)}
    assert total.images == 2
