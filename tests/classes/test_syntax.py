import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import PromptError


def shown(text):
    prompts = PromptSet.parse(text)
    return [(entry.id, *entry.phrases) for entry in prompts], prompts.background


@pytest.mark.parametrize(
    ("text", "classes", "background"),
    [
        ("", [], ()),
        ("cat\ndog", [(1, "cat"), (2, "dog")], ()),
        ("cat, dog,tree,", [(1, "cat"), (2, "dog"), (3, "tree")], ()),
        ("cat; dog: puppy; background: wall, floor", [(1, "cat"), (2, "dog", "puppy")], ("wall", "floor")),
        ("dog: puppy, hound", [(1, "dog", "puppy", "hound")], ()),
        ("dog:", [(1, "dog")], ()),
        ("# animals\n\n  cat  \r\ndog # not wolf\n", [(1, "cat"), (2, "dog")], ()),
        ("C# sign\nNo.#3", None, None),
        ('"salt, pepper": "a:b"; "he said \\"no\\""', [(1, "salt, pepper", "a:b"), (2, 'he said "no"')], ()),
        ("cat, background, dog", [(1, "cat"), (2, "dog")], ("background",)),
        ("Background: sky\ncat\nbackground: sea", [(1, "cat")], ("sky", "sea")),
        ("background:\ncat", [(1, "cat")], ()),
        ("\ufeffcat", [(1, "cat")], ()),
        ("cat [id=5]\ndog\nbird [id=1]\nfish", [(5, "cat"), (2, "dog"), (1, "bird"), (3, "fish")], ()),
        ("a red  ball\n猫", [(1, "a red ball"), (2, "猫")], ()),
    ],
)
def test_reads(text, classes, background):
    if classes is None:
        assert [entry.name for entry in PromptSet.parse(text)] == ["C# sign", "No.#3"]
    else:
        assert shown(text) == (classes, background)


@pytest.mark.parametrize(
    "options",
    ["[threshold=0.35, color=#ff0000]", "[threshold=35%] [colour=#f00]", "[ color = #F00 , threshold=.35 ]"],
)
@pytest.mark.parametrize("line", ["dog: puppy {}", "dog {}: puppy", "{} dog: puppy"])
def test_reads_options(options, line):
    (entry,) = PromptSet.parse(line.format(options))
    assert (entry.phrases, entry.threshold, entry.color) == (("dog", "puppy"), 0.35, "#ff0000")


def test_options_in_a_list_belong_to_their_class():
    prompts = PromptSet.parse("cat [threshold=0.3], dog, bird [threshold=0.1]")
    assert [entry.threshold for entry in prompts] == [0.3, None, 0.1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cat\n\nCAT", "Line 3: the class 'CAT' is on line 1 already"),
        ("cat, dog, cat", "Line 1: the class 'cat' is on line 1 already"),
        ("cat\n: puppy", "Line 2: A name is empty"),
        ('cat\n""', "Line 2: A name is empty"),
        ("cat,,dog", "Line 1: A name is empty"),
        (",", "Line 1: A name is empty"),
        ("dog: puppy,,hound", "Line 1: A name is empty"),
        ("cat\ndog [wolf]", "Line 2: unknown option 'wolf'; there are threshold, color, text and id"),
        ("dog [threshhold=1]", "Line 1: unknown option 'threshhold'"),
        ("dog [threshold=high]", "Line 1: threshold=high cannot be read"),
        ("dog [threshold=]", "Line 1: threshold= cannot be read"),
        ("dog [threshold=35]", "Line 1: Class 'dog': threshold is 35.0; it must be a number from 0 to 1"),
        ("dog [color=red]", "Line 1: The colour of 'dog' cannot be read"),
        ("dog [id=0]", "Line 1: Class 'dog': id is 0; it must be a whole number from 1 to 65535"),
        ("dog [id=x]", "Line 1: id=x cannot be read"),
        ("cat [id=2]\ndog [id=2]", "Line 2: the id of 'dog', 2, is on line 1 already"),
        ("cat [id=2], dog [id=2]", "Line 1: the id of 'dog', 2, is on line 1 already"),
        ("cat\nbig, dog: puppy", "Line 2: there is a comma before the colon"),
        ("a: b: c", "Line 1: there are two colons"),
        ('the "best', "Line 1: a quote is opened and not closed"),
        ("dog [id=3", "Line 1: a bracket is opened and not closed"),
        ("dog]", 'Line 1: there is a "]" without'),
        ("background: wall [threshold=0.3]", "Line 1: the background takes no options"),
        ("background [id=2]", "Line 1: the background takes no options"),
        ("cat\nd\0g", "Line 2: The name 'd\\x00g' holds the unprintable character U+0000"),
    ],
)
def test_mistakes_name_their_line(text, sentence):
    with pytest.raises(PromptError) as caught:
        PromptSet.parse(text)
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith(".") or str(caught.value).endswith(")")


def test_ids_are_printed_only_when_they_say_something():
    prompts = PromptSet.parse("cat\ndog: puppy")
    assert prompts.to_text() == "cat\ndog: puppy\n"
    assert prompts.removed(1).to_text() == "dog: puppy [id=2]\n"
    assert prompts.moved(2, 0).to_text() == "dog: puppy [id=2]\ncat [id=1]\n"


def test_names_with_signs_of_the_syntax_are_quoted():
    assert PromptSet.from_names("a, b", "# c", "No.#3", "d [e]").to_text() == '"a, b"\n"# c"\nNo.#3\n"d [e]"\n'


def test_a_class_without_text_is_written_and_read_back():
    prompts = PromptSet.parse("this thing: that thing [text=off]\ndog [text=on]")
    assert [(entry.text, entry.prompts) for entry in prompts] == [(False, ()), (True, ("dog",))]
    assert prompts.to_text() == "this thing: that thing [text=off]\ndog\n"
    assert PromptSet.parse(prompts.to_text()) == prompts


def test_text_is_on_or_off():
    with pytest.raises(PromptError, match="Line 1: text=maybe cannot be read; write text=on or text=off"):
        PromptSet.parse("dog [text=maybe]")
