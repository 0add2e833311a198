from napari_cliptrase.demo.words import NAMES, WORDS
from napari_cliptrase.evaluate.word_lists import WordList, strangers


def test_strangers_are_always_the_same_and_no_other_words_for_what_is_painted():
    names = strangers()
    assert len(set(names)) == 180
    assert names == strangers()
    assert not set(names) & {word for entry in WORDS for word in (*entry.names, *entry.plurals)}


def test_near_names_hold_other_words_for_what_is_painted():
    names = strangers(near=True)
    assert not set(names) & set(NAMES)
    assert {"water", "clouds", "tower", "bush"} <= set(names)


def test_the_names_of_the_world_come_first_and_others_count_as_nothing():
    for words, count in zip(WordList, (20, 200, 200), strict=True):
        vocabulary = words.vocabulary
        assert len(vocabulary.prompts) == count
        assert vocabulary.indices[:21] == (20, *range(20))
        assert set(vocabulary.indices[21:]) <= {20}
