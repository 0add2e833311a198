import pytest

from napari_cliptrase.classes.prompt_class import PromptClass, distinct_phrases, tidy_phrase
from napari_cliptrase.errors import PromptError


def test_text_is_tidied_on_the_way_in():
    cat = PromptClass(1, "  tabby   cat ", ("Kitten", "kitten", "Tabby Cat", "tom"), color="#ABC")
    assert cat.name == "tabby cat"
    assert cat.phrases == ("tabby cat", "Kitten", "tom")
    assert cat.color == "#aabbcc"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"id": 0}, "id is 0"),
        ({"id": 70_000}, "id is 70000"),
        ({"name": " "}, "A name is empty"),
        ({"name": "Background"}, "cannot be the name of a class"),
        ({"name": "a\x00b"}, r"unprintable character U\+0000"),
        ({"threshold": 2}, "threshold is 2"),
        ({"color": "reddish"}, "colour of 'cat' cannot be read"),
    ],
)
def test_impossible_values_are_named(values, message):
    with pytest.raises(PromptError, match=message):
        PromptClass(**({"id": 1, "name": "cat"} | values))


def test_phrases_that_differ_in_case_only_count_once():
    assert distinct_phrases(["Cat", "cat", " dog ", "CAT"]) == ("Cat", "dog")
    assert tidy_phrase("e\u0301") == "\u00e9"
