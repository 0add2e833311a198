import numpy as np
import pytest

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.likeness import with_likeness

SCENE = paint_scene(4, (96, 160))


@pytest.mark.parametrize("settings", [Settings(resolution=96), Settings(resolution=192, window=96)])
def test_scores_learn_which_patches_are_alike_window_by_window(settings):
    segmenter = Segmenter(load_model("demo", device="cpu"), settings, text_caches=())
    encoding = segmenter.encode(SCENE.image)
    scores = segmenter.segment(encoding, PromptSet.parse("sky; sea")).scores
    assert scores.likeness == ()
    known = with_likeness(scores, encoding)
    assert len(known.likeness) == len(encoding.windows)
    covered = np.zeros(encoding.grid, bool)
    for part, window in zip(known.likeness, encoding.windows, strict=True):
        height, width = part.grid
        assert part.correlation.shape == (height * width, height * width)
        assert np.shares_memory(part.correlation, window.correlation)
        covered[part.rows, part.columns] = True
    assert covered.all()
    assert (known.ids, known.shape) == (scores.ids, scores.shape)
