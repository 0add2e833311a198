"""What a newcomer types first, on the picture that a newcomer opens first, has to look right."""

from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase import PromptSet, Segmenter, load_model
from napari_cliptrase.demo.first_look import PROMPTS, first_look
from napari_cliptrase.demo.samples import COAST, SAMPLE_SIZE, landscape
from napari_cliptrase.demo.world import paint_scene

QUICKSTART = Path(__file__).parents[2] / "docs" / "quickstart.md"


def test_the_sample_and_the_demo_show_the_same_picture():
    ((sample, _, _),) = landscape()
    np.testing.assert_array_equal(sample, first_look()[0])


@pytest.mark.skipif(not QUICKSTART.exists(), reason="the pages are not beside the tests")
def test_the_quick_start_types_the_same_classes():
    assert f"```text\n{PROMPTS}```" in QUICKSTART.read_text(encoding="utf-8")


def test_the_classes_are_those_of_the_picture():
    scene = paint_scene(COAST, SAMPLE_SIZE)
    shown = {scene.classes.get(i).name for i in np.unique(scene.labels).tolist()}
    assert {entry.name for entry in PromptSet.parse(PROMPTS)} == shown


def test_every_class_is_where_it_belongs():
    image, text = first_look()
    scene, prompts = paint_scene(COAST, SAMPLE_SIZE), PromptSet.parse(text)
    segmenter = Segmenter(load_model("demo"), text_caches=())
    labels = segmenter.segment(segmenter.encode(image), prompts).labels
    for entry in prompts:
        true, found = scene.labels == scene.classes.by_name(entry.name).id, labels == entry.id
        assert (true & found).sum() / (true | found).sum() > 0.8, entry.name
