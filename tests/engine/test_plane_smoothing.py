"""Scores that are mixed along planes: fewer pixels change their class where the picture stays."""

from itertools import pairwise

import numpy as np
import pytest

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.demo.motion import paint_film
from napari_cliptrase.engine.pipeline import PlaneRequest, segment_stack_steps
from napari_cliptrase.engine.plane_smoothing import smooth_plane
from napari_cliptrase.progress import run_to_end

PROMPTS = PromptSet.parse("grass\nsky: cloud\ntree\nsea\nsnow\nsand")


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(load_model("demo", device="cpu"), Settings(detail="coarse"), text_caches=())


@pytest.fixture(scope="module")
def planes():
    """One picture that is seen again and again through noise."""
    picture = paint_film(4, 1).images[0].astype(np.float32)
    random = np.random.default_rng(0)
    return [np.clip(picture + random.normal(0, 40, picture.shape), 0, 255).astype(np.uint8) for _ in range(5)]


def segment(segmenter, planes, smoothing):
    found = {}
    requests = (PlaneRequest(rgb, PROMPTS) for rgb in planes)
    run_to_end(segment_stack_steps(segmenter, requests, found.__setitem__, smoothing))
    assert list(found) == list(range(len(planes)))
    return list(found.values())


def flicker(responses):
    return np.mean([(a.labels != b.labels).mean() for a, b in pairwise(responses)])


def test_without_smoothing_each_plane_is_what_it_is_alone(segmenter, planes):
    for response, rgb in zip(segment(segmenter, planes, 0), planes, strict=True):
        alone = segmenter.segment(segmenter.encode(rgb), PROMPTS)
        np.testing.assert_array_equal(response.labels, alone.labels)
        assert "smoothed along planes" not in response.segmentation.provenance


def test_smoothing_lets_fewer_pixels_flicker_and_is_recorded(segmenter, planes):
    smooth = segment(segmenter, planes, 0.6)
    assert flicker(smooth) < 0.8 * flicker(segment(segmenter, planes, 0))
    assert smooth[2].segmentation.provenance["smoothed along planes"] == 0.6


def test_neighbours_of_another_size_do_not_count(segmenter, planes):
    one, other = (segmenter.encode(rgb) for rgb in (planes[0], planes[0][:, :200]))
    mine, beside = segmenter.segment(one, PROMPTS), segmenter.segment(other, PROMPTS)
    assert smooth_plane(one, mine, [beside], segmenter.settings, 0.5) is mine
