from dataclasses import replace

import numpy as np
import pytest

from napari_cliptrase import PromptSet, Segmenter, load_model
from napari_cliptrase.cliptrase.options import Denoise, TemplateSet
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.explain.stages import GLOBAL_FACTOR, PATCHES_CHOSEN, Stages, explain_steps
from napari_cliptrase.progress import run_to_end

QUICK = Settings(resolution=96, templates=TemplateSet.SINGLE)
PROMPTS = PromptSet.from_names("sky", "sea", "sand", "boat")
SCENE = paint_scene(328, (96, 160)).image


@pytest.fixture(scope="module")
def model():
    return load_model("demo", device="cpu")


@pytest.fixture(scope="module")
def stages(model) -> Stages:
    return run_to_end(explain_steps(model, SCENE, PROMPTS, QUICK, [(0, 0), (159, 95), (1, 1)]))


def test_every_stage_is_that_of_the_engine(stages, model):
    segmenter = Segmenter(model, QUICK, text_caches=())
    encoding = segmenter.encode(SCENE)
    assert stages.grid == encoding.grid == (6, 10)
    assert np.array_equal(stages.correlation, encoding.correlation)
    assert np.array_equal(stages.affinity, encoding.affinity)
    with_denoising, without = stages.regions
    assert np.array_equal(with_denoising.pixels, encoding.region_map())
    plain = Segmenter(model, replace(QUICK, denoise=Denoise.NONE), text_caches=()).encode(SCENE)
    assert np.array_equal(without.pixels, plain.region_map())
    assert with_denoising.count == encoding.regions.max() + 1
    assert np.array_equal(stages.labels.voted, segmenter.segment(encoding, PROMPTS).labels)


def test_attention_is_of_every_layer_and_adds_up(stages, model):
    assert len(stages.attention) == len(model.vision.blocks)
    assert np.allclose(stages.attention.sum(-1), 1, atol=1e-4)
    for layer in range(len(stages.attention)):
        received = stages.received(layer)
        assert received.mean() == pytest.approx(1, abs=1e-4)
        assert np.array_equal(stages.global_patches(layer), received >= GLOBAL_FACTOR)


def test_named_points_are_looked_at_once(stages):
    assert stages.chosen == ((0, 0), (5, 9))
    before, recovered, denoised = stages.seen_from((5, 9))
    assert np.array_equal(before.ravel(), stages.attention[-1, 60, 1:])
    assert np.array_equal(recovered.ravel(), stages.correlation[60, 1:])
    assert np.array_equal(denoised.ravel(), stages.affinity[59])


def test_without_points_the_largest_regions_speak_and_without_classes_no_labels(model):
    stages = run_to_end(explain_steps(model, SCENE, settings=QUICK))
    regions = stages.regions[0].patches
    numbers = [int(regions[place]) for place in stages.chosen]
    sizes = np.bincount(regions[regions >= 0])
    assert 0 < len(numbers) <= PATCHES_CHOSEN
    assert sorted(sizes[numbers]) == sorted(np.sort(sizes)[::-1][:PATCHES_CHOSEN].tolist())
    assert stages.labels is None


def test_a_point_outside_is_one_sentence(model):
    with pytest.raises(CliptraseError, match="The point 160,0 is not in the image; give x from 0 to 159 and y from 0"):
        run_to_end(explain_steps(model, SCENE, settings=QUICK, points=[(160, 0)]))
