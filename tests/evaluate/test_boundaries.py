import numpy as np

from napari_cliptrase.evaluate.boundaries import BoundaryCounts


def halves(column: int) -> np.ndarray:
    labels = np.ones((100, 100), np.uint8)
    labels[:, column:] = 2
    return labels


def test_equal_boundaries_score_one_and_absent_classes_nothing() -> None:
    found = BoundaryCounts.of(halves(50), halves(50), 4)
    assert found.iou[1:3].tolist() == [1.0, 1.0]
    assert np.isnan(found.iou[[0, 3]]).all()


def test_a_shift_by_one_pixel_leaves_a_third_of_the_band() -> None:
    # bands of two pixels, moved by one: one in common, three in all
    found = BoundaryCounts.of(halves(50), halves(51), 3)
    assert np.allclose(found.iou[1:], 1 / 3)


def test_scenes_add_up() -> None:
    one, other = BoundaryCounts.of(halves(50), halves(51), 3), BoundaryCounts.of(halves(20), halves(20), 3)
    total = one + other
    assert total.both.tolist() == (one.both + other.both).tolist()
    # the second scene has two columns of 100 pixels a class in both
    assert np.allclose(total.iou[1:], (100 + 200) / (300 + 200))
