from dataclasses import replace

import numpy as np
import pytest

from napari_cliptrase.plugin.layers.output import PlaneResult

LABELS = np.array([[1, 2], [0, 1]], np.uint8)
BOX = {"rows": slice(2, 4), "columns": slice(3, 5)}


def test_a_result_for_the_whole_plane_is_about_all_of_it(board, halves):
    labels, where = PlaneResult(board.target(), halves, board.table).on_plane()
    assert labels is halves
    assert where is None


def test_a_result_for_a_box_lies_in_its_place_and_is_about_nothing_else(board):
    labels, where = PlaneResult(board.target(**BOX), LABELS, board.table).on_plane()
    assert labels.shape == where.shape == (12, 16)
    assert np.array_equal(labels[2:4, 3:5], LABELS)
    assert np.count_nonzero(labels) == np.count_nonzero(LABELS)
    assert where[2:4, 3:5].all()
    assert where.sum() == 4


@pytest.mark.parametrize("whole", [True, False])
def test_a_result_for_a_shape_is_about_its_pixels_only(board, whole):
    target = board.target() if whole else board.target(**BOX)
    mask = np.zeros(target.shape, bool)
    mask[0, 1] = True
    result = PlaneResult(replace(target, mask=mask), np.ones(target.shape, np.uint8), board.table)
    _, where = result.on_plane()
    assert np.argwhere(where).tolist() == [[0, 1] if whole else [2, 4]]


def test_pixels_outside_of_a_shape_are_not_written(board, halves):
    board.write(halves)
    mask = np.zeros((2, 2), bool)
    mask[0, 0] = True
    board.write(np.full((2, 2), 3, np.uint8), replace(board.target(**BOX), mask=mask))
    expected = halves.copy()
    expected[2, 3] = 3
    assert np.array_equal(board.seen(), expected)
