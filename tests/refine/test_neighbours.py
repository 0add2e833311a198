import numpy as np

from napari_cliptrase.refine.neighbours import neighbours


def test_neighbours_come_row_by_row_at_each_distance() -> None:
    values = np.arange(49, dtype=np.float32).reshape(7, 7)
    found = [int(shift[3, 3]) for shift in neighbours(values, (1, 3), "edge")]
    assert found == [16, 17, 18, 23, 25, 30, 31, 32, 0, 3, 6, 21, 27, 42, 45, 48]


def test_beyond_the_border_there_is_nothing_or_the_border() -> None:
    values = np.array([[1, 2], [3, 4]], np.float32)
    assert [shift[0, 0] for shift in neighbours(values, (1,), "constant")] == [0, 0, 0, 0, 2, 0, 3, 4]
    assert [shift[0, 0] for shift in neighbours(values, (1,), "edge")] == [1, 1, 2, 1, 2, 3, 3, 4]


def test_pixels_may_be_among_their_neighbours() -> None:
    values = np.array([[1, 2], [3, 4]], np.float32)
    assert sum(np.array_equal(shift, values) for shift in neighbours(values, (1, 2), "edge", themselves=True)) == 2
