import numpy as np
import pytest

from napari_cliptrase.refine.components import components_of


@pytest.fixture
def drawn() -> np.ndarray:
    labels = np.zeros((20, 30), np.uint16)
    labels[2:9, 3:10] = 5
    labels[9:12, 10:14] = 5  # touches the first at a corner
    labels[15:19, 20:28] = 5
    labels[0:6, 20:30] = 7
    labels[19, 0] = 7  # a speck
    return labels


def test_pieces_are_eight_connected_and_specks_are_left_out(drawn: np.ndarray) -> None:
    found = [(piece.class_id, piece.area) for piece in components_of(drawn, 4)]
    assert sorted(found) == [(5, 32), (5, 61), (7, 60)]


def test_pieces_lie_where_they_were_drawn(drawn: np.ndarray) -> None:
    rebuilt = np.zeros_like(drawn)
    for piece in components_of(drawn, 1):
        rebuilt[piece.within(drawn.shape)] = piece.class_id
    assert np.array_equal(rebuilt, drawn)


def test_boxes_are_tight(drawn: np.ndarray) -> None:
    boxes = {tuple(piece.box.tolist()) for piece in components_of(drawn, 4)}
    assert boxes == {(3, 2, 14, 12), (20, 15, 28, 19), (20, 0, 30, 6)}


def test_without_scores_the_peak_is_the_deepest_pixel(drawn: np.ndarray) -> None:
    piece = next(piece for piece in components_of(drawn, 4) if piece.class_id == 7)
    x, y = piece.peak()
    assert 22 <= x <= 27
    assert y in (2, 3)


def test_with_scores_the_peak_is_the_best_pixel_that_is_not_on_the_edge(drawn: np.ndarray) -> None:
    piece = next(piece for piece in components_of(drawn, 4) if piece.class_id == 7)
    score = np.zeros(drawn.shape, np.float32)
    score[0, 20] = 1.0  # best of all, but in the corner
    score[3, 23] = 0.8
    score[17, 22] = 0.9  # in another piece
    assert piece.peak(score).tolist() == [23, 3]


def test_the_peak_of_a_ring_is_on_the_ring() -> None:
    y, x = np.mgrid[:40, :40]
    ring = (np.abs(np.hypot(y - 20, x - 20) - 14) < 3).astype(np.uint8)
    (piece,) = components_of(ring, 1)
    column, row = piece.peak().astype(int)
    assert ring[row, column] == 1
