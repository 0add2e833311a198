import numpy as np
import pytest

from napari_cliptrase.evaluate.label_comparison import (
    ClassMistake,
    NamedLabels,
    compare_labels_steps,
    worst_place,
)
from napari_cliptrase.progress import run_to_end

TRUTH = np.array([[1, 1, 1, 2], [1, 1, 1, 2], [0, 0, 2, 2]], np.uint8)
FOUND = np.array([[1, 1, 5, 2], [1, 1, 5, 2], [0, 2, 2, 2]], np.uint16)
NAMES = {1: "sky", 2: "sea"}


def compare(truth, found, names=NAMES, other=None, **options):
    judged = NamedLabels(found, names if other is None else other)
    return run_to_end(compare_labels_steps(NamedLabels(truth, names), judged, **options))


def by_name(comparison):
    return dict(zip(comparison.confusion.names, comparison.confusion.iou, strict=True))


def test_iou_and_mistakes_are_those_of_counting():
    comparison = compare(TRUTH, FOUND)
    assert by_name(comparison) == pytest.approx({"background": 1 / 2, "sky": 4 / 6, "sea": 4 / 5, "label 5": 0})
    assert comparison.mistakes() == (
        ClassMistake("sky", "label 5", 2, 2 / 6),
        ClassMistake("background", "sea", 1, 1 / 2),
    )
    assert comparison.confusion.mean_iou == pytest.approx((1 / 2 + 4 / 6 + 4 / 5) / 3)
    assert comparison.wrong.sum() == 3


def test_classes_are_matched_by_name_and_where_one_side_has_none_by_number():
    swapped = np.array([0, 2, 1], np.uint8)[TRUTH]
    assert not compare(TRUTH, swapped, other={1: "sea", 2: "sky"}).wrong.any()
    assert not compare(TRUTH, TRUTH, other={}).wrong.any()
    assert compare(TRUTH, swapped, other={}).wrong.sum() == 10


def test_void_and_what_nobody_labelled_are_not_scored():
    void = TRUTH.copy()
    void[:, 2] = 255
    comparison = compare(void, FOUND)
    assert comparison.unscored == 3
    assert by_name(comparison)["sky"] == 1
    assert compare(TRUTH, FOUND, skip_zero=True).unscored == 2
    assert compare(void, FOUND, names={**NAMES, 255: "edge"}).unscored == 0  # a class may have this number
    assert not compare(void, void, skip_zero=True).wrong.any()


def test_errors_can_be_those_of_a_class_or_of_one_mistake():
    comparison = compare(TRUTH, FOUND)
    assert comparison.mask_of("sky").sum() == 2
    assert comparison.mask_of("sea").sum() == 1  # taken for it
    assert np.array_equal(np.argwhere(comparison.mask_of("sky", "label 5")), [[0, 2], [1, 2]])
    assert not comparison.mask_of("sea", "sky").any()


def test_boundaries_count_near_boundaries_only():
    truth = np.ones((40, 40), np.uint8)
    truth[:, 20:] = 2
    found = truth.copy()
    found[5:8, 2:5] = 2  # far from the boundary
    comparison = compare(truth, found)
    index = comparison.confusion.names.index("sky")
    assert comparison.boundary_iou[index] < 1
    assert compare(truth, truth).boundary_iou == pytest.approx([1, 1])


def test_the_worst_place_is_where_most_lies_together():
    mask = np.zeros((60, 80), bool)
    mask[5, :] = True  # a long thin line
    mask[20:30, 40:52] = True
    mask[50:54, 4:8] = True
    place = worst_place(mask)
    assert place.middle == (24.5, 45.5)
    assert place.size == (10, 12)
    mask[6:] = False
    assert worst_place(mask).size == (1, 80)  # nothing else is wrong
    assert worst_place(np.zeros((4, 4), bool)) is None
