import numpy as np
import pytest

from napari_cliptrase.demo.words import IDS, WORDS
from napari_cliptrase.lab.captions import caption, phrase


@pytest.mark.parametrize("seed", range(20))
def test_phrases_name_the_class_and_its_paint(seed: int):
    rng = np.random.default_rng(seed)
    word = WORDS[IDS["boat"] - 1]
    one, many = phrase("boat", rng, paint="red"), phrase("boat", rng, count=2)
    assert one.split()[0] in ("a", "the")
    assert one.split(maxsplit=1)[1] in {f"red {name}" for name in word.names}
    assert many.split(maxsplit=1)[0] in ("two", "some")
    assert many.split(maxsplit=1)[1] in word.plurals
    stuff = phrase("sea", rng)
    assert any(stuff.endswith(name) for name in WORDS[IDS["sea"] - 1].names)


def test_the_article_fits_the_noun():
    rng = np.random.default_rng(0)
    phrases = {phrase("ball", rng, paint="orange") for _ in range(30)}
    assert "an orange ball" in phrases
    assert not any(text.startswith("a orange") for text in phrases)


def test_captions_join_their_parts():
    rng = np.random.default_rng(0)
    assert caption(["the sea", "two boats", "clouds"], rng).endswith("the sea, two boats and clouds.")
    assert caption(["the sea"], rng).endswith("the sea.")
