import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.protocol import (
    RefineResult,
    StepwiseRefiner,
    check_image,
    check_labels,
    progress_in_window,
)


class Inverted(StepwiseRefiner):
    """Swaps labels 1 and 2, in two steps."""

    def prepare_steps(self, image):
        check_image(image)
        yield Progress(0, 1, "preparing")
        self._image = image

    def refine_steps(self, labels, scores=None):
        self._prepared_image(labels)
        yield Progress(0, 1, "refining")
        return RefineResult(np.where(labels > 0, 3 - labels, labels))


@pytest.fixture
def image():
    return np.zeros((4, 6, 3), np.uint8)


def test_the_plain_functions_do_all_steps(image):
    refiner = Inverted()
    refiner.prepare(image)
    labels = np.array([[0, 1, 2, 0, 1, 2]] * 4, np.int16)
    assert refiner.refine(labels).labels[0].tolist() == [0, 2, 1, 0, 2, 1]


def test_steps_that_are_stopped_leave_no_image(image):
    refiner = Inverted()
    steps = refiner.prepare_steps(image)
    next(steps)
    steps.close()
    with pytest.raises(CliptraseError, match="Prepare an image before its labels are refined"):
        refiner.refine(np.ones((4, 6), np.uint8))


def test_labels_that_do_not_lie_on_the_image_are_refused_with_both_sizes(image):
    refiner = Inverted()
    refiner.prepare(image)
    with pytest.raises(CliptraseError, match="The labels are 5 × 6 pixels and the image is 4 × 6"):
        refiner.refine(np.ones((5, 6), np.uint8))
    with pytest.raises(CliptraseError, match="Labels must be whole numbers, but these are float64"):
        check_labels(np.ones((4, 6)), (4, 6))


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 6), np.uint8), np.zeros((4, 6, 4), np.uint8), np.zeros((4, 6, 3)), np.zeros((0, 6, 3), "u1")]
)
def test_what_is_no_image_is_refused_and_says_what_it_is(wrong):
    with pytest.raises(CliptraseError, match="convert the plane to RGB first") as caught:
        check_image(wrong)
    assert str(wrong.shape) in str(caught.value)
    assert str(wrong.dtype) in str(caught.value)


def test_progress_in_windows_counts_over_all_of_them_and_never_goes_back():
    steps = [progress_in_window(window, 3, Progress(done, 4, "words")) for window in range(3) for done in range(4)]
    shares = [step.done / step.total for step in steps]
    assert shares == sorted(shares)
    assert (shares[0], steps[-1].total, steps[4].done) == (0, 12, 4)
    assert steps[0].text == "words"


def test_a_window_whose_steps_are_unknown_counts_as_one():
    step = progress_in_window(1, 2, Progress(0, 0, "words"))
    assert (step.done, step.total) == (1, 2)
