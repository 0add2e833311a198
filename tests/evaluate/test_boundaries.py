import numpy as np

from napari_cliptrase.evaluate.boundaries import overlaps


def test_equal_labels_score_one_and_absent_classes_nothing() -> None:
    labels = np.zeros((10, 10), np.uint8)
    labels[:, 5:] = 2
    found = overlaps(labels, labels, 4)
    assert found.iou.tolist()[:1] == [1.0]
    assert found.boundary_iou[2] == 1.0
    assert np.isnan(found.iou[[1, 3]]).all()


def test_iou_counts_pixels() -> None:
    truth, result = np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.uint8)
    truth[:, :4] = 1
    result[:, 2:6] = 1
    found = overlaps(truth, result, 2)
    assert found.iou[1] == 20 / 60
    assert found.iou[0] == 40 / 80


def test_boundary_iou_sees_a_shift_that_iou_hardly_sees() -> None:
    truth, result = np.ones((100, 100), np.uint8), np.ones((100, 100), np.uint8)
    truth[:, 50:] = 2
    result[:, 51:] = 2
    found = overlaps(truth, result, 3)
    assert found.iou[1] > 0.97
    # bands of two pixels, moved by one: one in common, three in all
    assert np.allclose(found.boundary_iou[1:], 1 / 3)


def test_scenes_add_up() -> None:
    rng = np.random.default_rng(0)
    truth, result = rng.integers(0, 3, (2, 12, 12)), rng.integers(0, 3, (2, 12, 12))
    apart = overlaps(truth[0], result[0], 3) + overlaps(truth[1], result[1], 3)
    assert np.array_equal(apart.iou, overlaps(truth.reshape(24, 12), result.reshape(24, 12), 3).iou)
