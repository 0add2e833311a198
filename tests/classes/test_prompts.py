import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.classes.colors import class_color
from napari_cliptrase.classes.prompt_class import PromptClass, tidy_phrase
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import PromptError


def is_name(text):
    try:
        return tidy_phrase(text).casefold() != "background"
    except PromptError:
        return False


names = st.one_of(
    st.text(max_size=12),
    st.text(alphabet='ab "\\,:;[]#=', max_size=8),
    st.sampled_from(["cat", "Straße", "猫", "rouge-gorge", "[mask]", 'a "b"', "c:\\d", "# x", "id=3"]),
).filter(is_name)


@st.composite
def prompt_sets(draw):
    found = draw(st.lists(names, max_size=6, unique_by=lambda name: tidy_phrase(name).casefold()))
    ids = draw(st.one_of(st.just(range(1, len(found) + 1)), st.permutations(range(1, len(found) + 4))))
    classes = [
        PromptClass(
            class_id,
            name,
            tuple(draw(st.lists(names, max_size=3))),
            draw(st.none() | st.floats(0, 1)),
            draw(st.none() | st.integers(0, 0xFFFFFF).map("#{:06x}".format)),
            draw(st.booleans()),
        )
        for class_id, name in zip(ids, found, strict=False)
    ]
    return PromptSet(tuple(classes), tuple(draw(st.lists(names, max_size=3))))


@given(prompt_sets())
def test_text_reads_back_to_an_equal_set(prompts):
    assert PromptSet.parse(prompts.to_text()) == prompts


@given(prompt_sets())
def test_json_reads_back_to_an_equal_set(prompts):
    assert PromptSet.from_json(prompts.to_json()) == prompts


@given(prompt_sets())
def test_class_table_remembers_the_prompts(prompts):
    again = PromptSet.from_table(ClassTable.from_json(prompts.table().to_json()))
    assert again.ids == prompts.ids
    assert again.background == prompts.background
    assert [entry.phrases for entry in again] == [entry.phrases for entry in prompts]
    assert [entry.threshold for entry in again] == [entry.threshold for entry in prompts]
    assert [entry.text for entry in again] == [entry.text for entry in prompts]


@pytest.mark.parametrize("name", ["prompts.txt", "prompts.json", "liste für später.txt"])
def test_files_read_back(tmp_path, name):
    prompts = PromptSet.parse("cat\n猫: kitten [threshold=0.2]\nbackground: wall")
    prompts.save(tmp_path / name)
    assert PromptSet.load(tmp_path / name) == prompts


def test_a_classes_json_of_a_mask_serves_as_prompt_file(tmp_path):
    prompts = PromptSet.parse("dog: puppy [threshold=0.5, color=#102030]\nbackground: wall")
    (tmp_path / "classes.json").write_text(prompts.table().to_json())
    assert PromptSet.load(tmp_path / "classes.json") == prompts


def test_errors_of_files_name_the_file(tmp_path):
    with pytest.raises(PromptError, match=r"missing\.txt cannot be read"):
        PromptSet.load(tmp_path / "missing.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(PromptError, match=r"binary\.txt cannot be read"):
        PromptSet.load(tmp_path / "binary.txt")
    (tmp_path / "twice.txt").write_text("cat\ncat\n")
    with pytest.raises(PromptError, match=r"twice\.txt: Line 2"):
        PromptSet.load(tmp_path / "twice.txt")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"classes": [{"id": 1}]}', '{"classes": [{"id": 1, "name": ""}]}'])
def test_json_that_is_no_prompt_set_is_refused_in_one_sentence(text):
    with pytest.raises(PromptError, match="here"):
        PromptSet.from_json(text, source="here")


def test_edits_keep_ids_and_colours():
    prompts = PromptSet.parse("cat, dog, bird")
    edited = prompts.renamed(2, "hound").moved(3, 0).removed(1).added("fish").replaced(3, synonyms=("sparrow",))
    assert [(entry.id, entry.name) for entry in edited] == [(3, "bird"), (2, "hound"), (4, "fish")]
    assert edited.get(3).phrases == ("bird", "sparrow")
    table = edited.table()
    assert table.get(2).color == class_color(2)
    assert prompts == PromptSet.parse("cat, dog, bird")


def test_a_class_can_be_added_under_a_chosen_id():
    assert PromptSet.from_names("cat").added("dog", class_id=7).ids == (1, 7)
    with pytest.raises(PromptError, match="both have id 1"):
        PromptSet.from_names("cat").added("dog", class_id=1)


def test_names_differ_in_more_than_case():
    with pytest.raises(PromptError, match="twice"):
        PromptSet.from_names("Cat", "dog").renamed(2, "CAT")


def test_phrases_are_tidied():
    entry = PromptClass(1, " big \t dog ", ("Big  Dog", "hound", "HOUND", "e\u0301tang"))
    assert entry.phrases == ("big dog", "hound", "étang")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: PromptClass(1, "  "), "empty"),
        (lambda: PromptClass(0, "cat"), "id is 0; it must be a whole number from 1 to 65535"),
        (lambda: PromptClass(70000, "cat"), "id is 70000"),
        (lambda: PromptClass(1, "Background"), "cannot be the name"),
        (
            lambda: PromptClass(1, "cat", threshold=1.5),
            r"Class 'cat': threshold is (1.5|nan); it must be a number from 0 to 1",
        ),
        (
            lambda: PromptClass(1, "cat", threshold=float("nan")),
            r"Class 'cat': threshold is (1.5|nan); it must be a number from 0 to 1",
        ),
        (lambda: PromptClass(1, "cat", color="red"), "#rrggbb"),
        (lambda: PromptClass(1, "c\0at"), "U\\+0000"),
        (lambda: PromptSet.from_names("cat").get(5), "no class with id 5"),
    ],
)
def test_values_that_cannot_be_are_refused(make, sentence):
    with pytest.raises(PromptError, match=sentence):
        make()


def test_phrases_in_two_places_are_pointed_out():
    (doubt,) = PromptSet.parse("boat: ship\nvessel: Ship, yacht").doubts()
    assert "'Ship' belongs to both 'boat' and 'vessel'" in doubt
    (doubt,) = PromptSet.parse("wall\nbackground: wall").doubts()
    assert "'background'" in doubt
    assert PromptSet.parse("cat\ndog").doubts() == ()


def test_json_is_plain():
    data = json.loads(PromptSet.parse("猫 [id=3]").to_json())
    assert data["classes"] == [{"id": 3, "name": "猫", "synonyms": [], "threshold": None, "color": None}]


def test_prompts_and_settings_need_no_torch():
    code = (
        "import sys, napari_cliptrase.classes.prompts, napari_cliptrase.classes.syntax, "
        "napari_cliptrase.engine.settings, napari_cliptrase.pixels.read, napari_cliptrase.pixels.working_image; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PromptClass(1, {"a": 1}), "The name of a class is a dict; it must be text"),
        (lambda: PromptClass(True, "cat"), "Class 'cat': id is true; it must be a whole number"),
        (lambda: PromptClass(1, "cat", "kitten"), "Class 'cat': synonyms is 'kitten'; it must be a list of texts"),
        (lambda: PromptClass(1, "cat", (5,)), "Class 'cat': synonyms holds 5"),
        (lambda: PromptClass(1, "cat", threshold="0.5"), "Class 'cat': threshold is '0.5'"),
        (lambda: PromptClass(1, "cat", text="off"), "Class 'cat': text is 'off'"),
        (lambda: PromptClass(1, "cat", color=5), "Class 'cat': color is 5; it must be text"),
        (lambda: PromptSet("cat"), r"PromptSet\.parse makes one from text"),
        (lambda: PromptSet(5), r"PromptSet\.parse makes one from text"),
        (lambda: PromptSet((), "wall"), "The background is 'wall'; it must be a list of texts"),
        (lambda: PromptSet.parse(["cat"]), "The text of the classes is a list; it must be text"),
        (lambda: PromptSet.parse("cat [threshold=nan]"), "Line 1: Class 'cat': threshold is nan"),
        (lambda: PromptSet.parse("cat [threshold=1e999%]"), "Line 1: Class 'cat': threshold is inf"),
        (lambda: PromptSet.from_json('{"classes": [{"id": 1, "name": {"a": 1}}]}'), "The name of a class is a dict"),
        (lambda: PromptSet.from_json('{"classes": [{"id": "1", "name": "cat"}]}'), "Class 'cat': id is '1'"),
        (lambda: PromptSet.from_json('{"classes": ["cat"]}'), "A class is 'cat'; it must be an object"),
        (lambda: PromptSet.from_json('{"classes": [{"id": 1}]}'), "Class 1 has no name"),
        (lambda: PromptSet.from_json('{"classes": [{"name": {"a": 1}}]}'), "The name of a class is a dict"),
        (lambda: PromptSet.from_json('{"classes": [{"name": "cat"}]}'), "Class 'cat' has no id"),
        (
            lambda: PromptSet.from_json('{"classes": [{"id": 1, "name": "a", "synonyms": {"b": 1}}]}'),
            "synonyms is a dict",
        ),
        (lambda: PromptSet.from_json('{"classes": [], "background": "wall"}'), "background is 'wall'"),
        (lambda: PromptSet.from_json("[" * 100_000), "nested too deeply"),
    ],
)
def test_values_of_wrong_types_are_refused_by_the_name_of_their_field(make, says):
    with pytest.raises(PromptError, match=says):
        make()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "synonyms", "threshold", "color", "prompts"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["classes", "background", "schema"]), json_values))
def test_any_json_becomes_a_prompt_set_or_a_sentence(data):
    try:
        prompts = PromptSet.from_json(json.dumps(data), "here")
    except PromptError as error:
        output = str(error)
    else:
        output = "here: " if PromptSet.from_json(prompts.to_json()) == prompts else "it reads back to something else"
    assert output.startswith("here: ")


@given(st.text(st.characters(codec=None), max_size=40) | st.text('ab,:;"[]=\\#% threshold id color 0.5', max_size=40))
def test_any_text_becomes_a_prompt_set_or_a_sentence(text):
    try:
        prompts = PromptSet.parse(text)
    except PromptError:
        return
    assert PromptSet.parse(prompts.to_text()) == prompts
