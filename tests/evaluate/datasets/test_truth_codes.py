"""Numbers of mask files to classes."""

import numpy as np
import pytest

from napari_cliptrase.evaluate.datasets.truth_codes import (
    BEYOND,
    CITYSCAPES_NUMBERS,
    CITYSCAPES_UNSCORED,
    COCO_NUMBERS,
    OTHER_CLASS,
    VOID,
    TruthCode,
)


def test_numbers_that_follow_each_other_start_anywhere() -> None:
    codes, beyond = TruthCode(first=1, other=(0,), void=(255,)).decode(np.array([[0, 1, 3, 255]], np.uint8), 3)
    assert codes.tolist() == [[OTHER_CLASS, 0, 2, VOID]]
    assert beyond == {}


def test_a_table_goes_before_the_order() -> None:
    codes, _ = TruthCode(table={7: 0, 300: 1}).decode(np.array([[7, 300]], np.uint16), 2)
    assert codes.tolist() == [[0, 1]]


def test_numbers_that_mean_nothing_are_counted() -> None:
    codes, beyond = TruthCode().decode(np.array([[0, 9, 9], [1, 77, 0]]), 2)
    assert codes.tolist() == [[0, BEYOND, BEYOND], [1, BEYOND, 0]]
    assert beyond == {9: 2, 77: 1}


def test_a_number_that_is_void_is_void_even_where_a_class_could_have_it() -> None:
    codes, _ = TruthCode(void=(1,)).decode(np.array([[0, 1, 2]]), 3)
    assert codes.tolist() == [[0, VOID, 2]]


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (4, 5)])
def test_the_shape_stays(shape: tuple[int, int]) -> None:
    codes, _ = TruthCode().decode(np.zeros(shape, np.uint8), 1)
    assert codes.shape == shape
    assert codes.dtype == np.int32


def test_the_classes_of_coco_stuff_and_cityscapes_are_complete() -> None:
    assert sorted(COCO_NUMBERS.values()) == list(range(171))
    assert (COCO_NUMBERS[0], COCO_NUMBERS[12], COCO_NUMBERS[181]) == (0, 11, 170)
    assert sorted(CITYSCAPES_NUMBERS.values()) == list(range(19))
    assert (CITYSCAPES_NUMBERS[7], CITYSCAPES_NUMBERS[33]) == (0, 18)
    assert not set(CITYSCAPES_NUMBERS) & set(CITYSCAPES_UNSCORED)
