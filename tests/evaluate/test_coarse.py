import numpy as np

from napari_cliptrase import PromptSet, Segmenter, load_model
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.evaluate.coarse import PATCH, from_clip, from_truth


def test_patches_of_the_truth_are_mostly_right_and_nowhere_sharp() -> None:
    scene = paint_scene(3, (128, 144))
    labels, scores = from_truth(scene, 3)
    right = (labels == scene.labels).mean()
    assert 0.75 < right < 0.99
    assert scores.maps.shape[1:] == (128 // PATCH, 144 // PATCH)
    assert np.allclose(scores.maps.sum(0), 1, atol=1e-5)
    again, _ = from_truth(scene, 3)
    assert np.array_equal(labels, again)


def test_what_cliptrase_finds_is_what_a_script_finds() -> None:
    scene = paint_scene(3, (96, 128))
    labels, scores = from_clip("demo")(scene, 3)
    segmenter = Segmenter(load_model("demo"))
    found = segmenter.segment(segmenter.encode(scene.image), PromptSet.parse("\n".join(NAMES)))
    assert np.array_equal(labels, found.labels)
    assert np.array_equal(scores.maps, found.scores.maps)
