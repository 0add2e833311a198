import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.confusion import Confusion, LabelIdError

NAMES = ("nothing", "sky", "mountain")


def counted(truth: list[list[int]], found: list[list[int]], void: int | None = None) -> Confusion:
    confusion = Confusion.of(NAMES)
    confusion.add(np.array(truth), np.array(found), void)
    return confusion


def test_scores_of_a_few_pixels_by_hand():
    confusion = counted([[1, 1, 1, 2]], [[1, 1, 2, 2]])
    assert confusion.accuracy == 0.75
    assert confusion.iou_by_name == {"sky": pytest.approx(2 / 3), "mountain": pytest.approx(1 / 2)}
    assert confusion.mean_iou == pytest.approx(7 / 12)
    assert confusion.mistakes(1) == [("sky", "mountain", pytest.approx(1 / 3))]


def test_a_class_that_is_nowhere_has_no_iou_and_one_that_was_only_found_lowers_no_mean():
    confusion = counted([[1, 1, 1, 1]], [[1, 1, 1, 2]])
    assert np.isnan(confusion.iou[0])
    assert confusion.iou[2] == 0
    assert confusion.mean_iou == 0.75


def test_void_pixels_do_not_count():
    assert counted([[1, 255]], [[1, 2]], void=255).pixels.sum() == 1


@pytest.mark.parametrize(("truth", "found", "who"), [(7, 1, "truth hold the id 7"), (1, 3, "labels hold the id 3")])
def test_ids_beyond_the_classes_are_named_and_nothing_is_counted(truth: int, found: int, who: str):
    confusion = Confusion.of(NAMES)
    with pytest.raises(LabelIdError, match=who):
        confusion.add(np.array([[1, truth]]), np.array([[1, found]]))
    assert confusion.pixels.sum() == 0


def test_images_of_another_size_are_refused():
    with pytest.raises(CliptraseError, match="must agree"):
        Confusion.of(NAMES).add(np.zeros((2, 3), int), np.zeros((3, 2), int))


@given(arrays(np.uint8, (2, 2, 6, 5), elements=st.integers(0, 2)))
def test_counts_of_parts_add_up_to_the_counts_of_all(images: np.ndarray):
    parts = [Confusion.of(NAMES) for _ in images]
    whole = Confusion.of(NAMES)
    for part, (truth, found) in zip(parts, images, strict=True):
        part.add(truth, found)
        whole.add(truth, found)
    assert np.array_equal((parts[0] + parts[1]).pixels, whole.pixels)


def test_counts_of_other_classes_are_not_added():
    with pytest.raises(CliptraseError, match="different classes"):
        _ = Confusion.of(NAMES) + Confusion.of(NAMES[:2])
