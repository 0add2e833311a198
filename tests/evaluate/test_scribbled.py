import numpy as np

from napari_cliptrase.evaluate.scribbled import scribbled


def test_lines_lie_in_the_largest_pieces_of_each_class():
    truth = np.zeros((60, 90), np.int32)
    truth[10:30, 10:40] = 1
    truth[40:50, 60:80] = 1
    truth[55:58, 2:5] = -1
    one, two = (scribbled(truth, lines) for lines in (1, 2))
    assert one[10:30, 10:40].any()
    assert not one[40:50, 60:80].any()
    assert two[10:30, 10:40].any()
    assert two[40:50, 60:80].any()
    assert two[truth == 0].any()
    assert not two[truth < 0].any()
    assert two.mean() < 0.1, "a few lines, and not the whole of it"


def test_lines_that_are_left_over_are_not_drawn():
    truth = np.full((20, 20), -1, np.int32)
    truth[5:9, 5:9] = 0
    assert (scribbled(truth, 50) & (truth == 0)).any()
