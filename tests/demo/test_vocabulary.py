from napari_cliptrase.demo.vocabulary import CONTENT, VOCABULARY
from napari_cliptrase.demo.words import WORDS


def test_every_name_of_every_class_is_known():
    for word in WORDS:
        for phrase in (*word.names, *word.plurals, *word.paints):
            assert set(phrase.split()) <= CONTENT
    assert "photo" in VOCABULARY
    assert "zebra" not in VOCABULARY
    assert all(word == word.lower() for word in VOCABULARY)
