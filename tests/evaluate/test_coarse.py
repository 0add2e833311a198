import numpy as np

from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.evaluate.coarse import PATCH, from_truth


def test_patches_of_the_truth_are_mostly_right_and_nowhere_sharp() -> None:
    scene = paint_scene(3, (128, 144))
    labels, scores = from_truth(scene, 3)
    right = (labels == scene.labels).mean()
    assert 0.75 < right < 0.99
    assert scores.maps.shape[1:] == (128 // PATCH, 144 // PATCH)
    assert np.allclose(scores.maps.sum(0), 1, atol=1e-5)
    again, _ = from_truth(scene, 3)
    assert np.array_equal(labels, again)
