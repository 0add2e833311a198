import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.learn.lesson import (
    Lesson,
    LessonAction,
    LessonError,
    lessons_from_labels,
    lessons_from_shares,
    painted_shares,
)


def unit(rows, seed=0):
    values = np.random.default_rng(seed).normal(size=(rows, 8)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def test_the_share_of_a_patch_is_the_share_of_its_pixels():
    labels = np.zeros((4, 6), np.uint8)
    labels[:2, :3] = 2  # the whole first patch
    labels[2:, :1] = 5  # a third of the patch below it
    shares = painted_shares(labels, (2, 2), [2, 5])
    np.testing.assert_allclose(shares, [[1, 0, 0, 0], [0, 0, 1 / 3, 0]], atol=1e-6)


@given(st.integers(1, 23), st.integers(1, 23), st.integers(1, 6), st.integers(1, 6))
def test_shares_of_all_values_fill_every_patch_that_has_pixels(height, width, rows, columns):
    labels = np.random.default_rng(height * 31 + width).integers(0, 3, (height, width))
    total = painted_shares(labels, (rows, columns), [0, 1, 2]).sum(0)
    filled = np.minimum(rows, height) * np.minimum(columns, width)
    assert np.isclose(total, 1, atol=1e-5).sum() == filled
    assert np.isclose(total, 0).sum() == rows * columns - filled


def test_only_what_a_person_set_teaches():
    labels = np.ones((4, 4), np.uint8)
    taught = np.zeros((4, 4), bool)
    taught[:2, :2] = True
    (lesson,) = lessons_from_labels(unit(4), (2, 2), labels, {1: "cat"}, taught, action=LessonAction.PAINT)
    np.testing.assert_array_equal(lesson.features, unit(4)[:1])
    assert lesson.weight.tolist() == [1]
    assert lesson.action is LessonAction.PAINT


def test_a_patch_teaches_the_class_that_has_most_of_it():
    labels = np.array([[1, 1, 2], [1, 1, 2]], np.uint8)
    lessons = lessons_from_labels(unit(1), (1, 1), labels, {1: "cat", 2: "dog"})
    assert [lesson.class_name for lesson in lessons] == ["cat"]


def test_a_stroke_of_one_pixel_on_a_large_patch_teaches_nothing():
    taught = np.zeros((16, 16), bool)
    taught[0, 0] = True
    assert lessons_from_labels(unit(1), (1, 1), np.ones((16, 16), np.uint8), {1: "cat"}, taught) == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_name": " "}, "needs the name of a class"),
        ({"weight": np.ones(3, np.float32)}, "one weight for each"),
        ({"weight": np.array([0.0, 1.0], np.float32)}, "cannot be used as numbers"),
        ({"features": np.full((2, 8), np.nan, np.float32)}, "cannot be used as numbers"),
    ],
)
def test_impossible_lessons_are_refused(changes, message):
    values = {"class_name": "cat", "features": unit(2), "weight": np.ones(2, np.float32)} | changes
    with pytest.raises(LessonError, match=message):
        Lesson(**values)


def test_shares_teach_the_owner_that_has_most_of_a_patch_and_say_what_is_not_there():
    shares = np.array([[0.9, 0.2, 0.01], [0.1, 0.6, 0.02]], np.float32)
    is_cat, no_dog = lessons_from_shares(unit(3), shares, [("cat", False), ("dog", True)], image="a")
    assert (is_cat.class_name, is_cat.negative, is_cat.weight.tolist()) == ("cat", False, [np.float32(0.9)])
    assert (no_dog.class_name, no_dog.negative, no_dog.weight.tolist()) == ("dog", True, [np.float32(0.6)])
    np.testing.assert_array_equal(no_dog.features, unit(3)[1:2])
