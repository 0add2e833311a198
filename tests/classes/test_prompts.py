import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.classes.colors import class_color
from napari_cliptrase.classes.prompts import PromptClass, PromptSet, tidy_phrase
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
        (lambda: PromptClass(0, "cat"), "ids go from 1"),
        (lambda: PromptClass(70000, "cat"), "ids go from 1 to 65535"),
        (lambda: PromptClass(1, "Background"), "cannot be the name"),
        (lambda: PromptClass(1, "cat", threshold=1.5), "between 0 and 1"),
        (lambda: PromptClass(1, "cat", threshold=float("nan")), "between 0 and 1"),
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
    assert "'Ship' stands under both 'boat' and 'vessel'" in doubt
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
