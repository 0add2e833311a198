from pathlib import Path

import napari_cliptrase.demo
from napari_cliptrase.demo.words import WORDS
from napari_cliptrase.lab.vocabulary import CONTENT, VOCABULARY


def test_every_name_of_every_class_is_known():
    for word in WORDS:
        for phrase in (*word.names, *word.plurals, *word.paints):
            assert set(phrase.split()) <= CONTENT
    assert "photo" in VOCABULARY
    assert "zebra" not in VOCABULARY
    assert all(word == word.lower() for word in VOCABULARY)


def test_the_shipped_list_of_words_is_what_the_training_writes():
    shipped = Path(napari_cliptrase.demo.__file__).parent / "weights" / "clip" / "vocabulary.txt"
    assert shipped.read_text(encoding="utf-8").split() == sorted(VOCABULARY)
