"""A second look at places of an image, remembered while thresholds move."""

from dataclasses import replace

import pytest

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.cliptrase import encoder
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import paint_scene

SCENE = paint_scene(4, (224, 288))
SETTINGS = Settings(resolution=224, absent="purify")
TWICE = PromptSet.from_names(*NAMES, "heaven")


@pytest.fixture(scope="module")
def model():
    return load_model("demo", device="cpu")


@pytest.fixture
def looks(monkeypatch):
    """Shapes of what the network saw in closer looks."""
    from napari_cliptrase.cliptrase import ambiguity

    seen = []
    encode = encoder.encode

    def watched(tower, images, **options):
        seen.append(tuple(images.shape[-2:]))
        return encode(tower, images, **options)

    monkeypatch.setattr(ambiguity, "encode", watched)
    return seen


def test_the_network_sees_each_place_once_and_never_the_whole_image_again(model, looks):
    segmenter = Segmenter(model, SETTINGS, text_caches=())
    encoding = segmenter.encode(SCENE.image)
    for _ in range(3):
        segmenter.segment(encoding, TWICE)
    assert looks
    first = len(looks)
    assert set(looks) == {(112, 112)}
    for least in (0.05, 0.06, 0.05):
        segmenter.segment(encoding, TWICE, replace(SETTINGS, absent_threshold=least))
    assert len(looks) <= first + 3  # only where other groups have other places


def test_without_the_second_test_nobody_looks(model, looks):
    segmenter = Segmenter(model, SETTINGS, text_caches=())
    encoding = segmenter.encode(SCENE.image)
    segmenter.segment(encoding, TWICE, replace(SETTINGS, ambiguity=1))
    segmenter.segment(encoding, TWICE, replace(SETTINGS, absent="peak"))
    segmenter.segment(encoding, TWICE, replace(SETTINGS, absent="off"))
    assert looks == []
