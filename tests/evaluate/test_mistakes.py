import numpy as np
import pytest

from napari_cliptrase.evaluate.mistakes import image_mean_iou, largest_wrong_piece


@pytest.fixture
def truth():
    classes = np.zeros((40, 60), np.int32)
    classes[10:30, 5:15] = 1
    classes[10:20, 40:50] = 1
    classes[35:, :] = 2
    return classes


def test_the_largest_piece_is_found_and_not_the_class_with_the_most_wrong_pixels(truth):
    found = np.where(truth == 1, 0, truth)
    mistake = largest_wrong_piece(truth, found)
    assert (mistake.class_index, mistake.area) == (1, 200)
    assert (mistake.rows, mistake.columns) == (slice(10, 30), slice(5, 15))


def test_nothing_is_wrong_where_nobody_knows_the_truth(truth):
    found = truth.copy()
    truth[0:5] = -1
    found[0:5] = 2
    assert largest_wrong_piece(truth, found) is None


def test_the_line_runs_along_the_piece_through_its_middle(truth):
    mistake = largest_wrong_piece(truth, np.where(truth == 1, 0, truth))
    rows, columns = mistake.line()
    assert len(rows) == 20
    assert np.unique(columns).tolist() in ([9], [10])
    assert (truth[rows, columns] == 1).all()
    assert truth[mistake.middle()] == 1


def test_one_pixel_is_a_piece_too():
    truth = np.zeros((5, 5), np.int32)
    truth[2, 2] = 1
    mistake = largest_wrong_piece(truth, np.zeros_like(truth))
    assert mistake.middle() == (2, 2)
    assert [part.tolist() for part in mistake.line()] == [[2], [2]]
    assert mistake.brush_path(12) == pytest.approx(1, abs=0.6)


def test_a_wider_brush_has_a_shorter_way(truth):
    mistake = largest_wrong_piece(truth, np.where(truth == 1, 0, truth))
    assert mistake.brush_path(4) == pytest.approx(200 / 4)
    assert mistake.brush_path(100) == pytest.approx(200 / mistake.thickness())


def test_the_mean_iou_is_that_of_the_classes_of_the_image(truth):
    assert image_mean_iou(truth, truth) == 1
    assert image_mean_iou(truth, np.full_like(truth, -1)) == 0
    found = np.where(truth == 2, 7, truth)
    assert image_mean_iou(truth, found) == pytest.approx(2 / 3)
