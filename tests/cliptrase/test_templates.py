import pytest
from open_clip.zero_shot_metadata import OPENAI_IMAGENET_TEMPLATES

from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.cliptrase.templates import sentences


@pytest.mark.parametrize(("templates", "count"), [("full", 80), ("medium", 14), ("short", 7), ("single", 1)])
def test_each_set_has_its_sentences(templates, count):
    found = sentences(TemplateSet(templates))
    assert len(set(found)) == count
    assert all(sentence.count("{}") == 1 for sentence in found)


def test_short_ones_are_among_the_eighty():
    assert set(sentences(TemplateSet.SHORT)) | set(sentences(TemplateSet.SINGLE)) <= set(sentences(TemplateSet.FULL))


def test_the_eighty_are_those_that_openai_published_in_their_order():
    assert sentences(TemplateSet.FULL) == tuple(template("{}") for template in OPENAI_IMAGENET_TEMPLATES)
