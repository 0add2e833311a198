from dataclasses import replace

import numpy as np

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.masks.npz import FORMAT


def test_scores_and_objects_travel_with_the_labels(golden, tmp_path):
    scores = ClassScores((1, 2), np.random.default_rng(0).random((2, 3, 3), np.float32), (5, 6))
    mask = replace(golden, scores=scores, instances=golden.labels.astype(np.uint16))
    FORMAT.write(mask, tmp_path / "a.npz")
    (back,) = FORMAT.read(tmp_path / "a.npz")
    assert (back.scores.ids, back.scores.shape) == ((1, 2), (5, 6))
    np.testing.assert_array_equal(back.scores.maps, scores.maps)
    np.testing.assert_array_equal(back.instances, mask.instances)


def test_numpy_alone_can_read_it(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["labels"], golden.labels)


def test_an_archive_of_labels_only_is_a_mask(tmp_path):
    np.savez(tmp_path / "a.npz", labels=np.array([[0, 3]]))
    assert FORMAT.read(tmp_path / "a.npz")[0].classes.ids == (3,)
