import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import PromptError
from napari_cliptrase.plugin.widgets.classes.prompt_edits import (
    added,
    line_of,
    parsed,
    replaced_by,
    with_background_line,
    with_line,
)


def test_a_pasted_list_adds_all_and_names_what_was_there():
    prompts, doubled = added(PromptSet.parse("cat"), parsed("Cat, dog\nhouse: home\nbackground: wall"), ())
    assert [entry.name for entry in prompts] == ["cat", "dog", "house"]
    assert prompts.get(3).synonyms == ("home",)
    assert prompts.background == ("wall",)
    assert doubled == ("Cat",)


def test_a_new_class_never_gets_the_id_of_a_layer_that_is_still_there():
    prompts, _ = added(PromptSet.parse("cat"), parsed("dog"), {1, 7})
    assert prompts.ids == (1, 8)


def test_a_name_that_a_layer_still_has_gets_its_id_back():
    known = ClassTable.from_names("cat", "dog", "cow")
    prompts, _ = added(PromptSet.parse("cat"), parsed("bird\nDog"), {1, 2, 3}, known)
    assert [(entry.name, entry.id) for entry in prompts] == [("cat", 1), ("bird", 4), ("Dog", 2)]


def test_a_name_whose_old_id_another_class_has_now_gets_a_new_one():
    known = ClassTable.from_names("cat")
    prompts, _ = added(PromptSet.parse("wolf"), parsed("cat"), {1}, known)
    assert prompts.ids == (1, 2)


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1), min_size=1, max_size=4, unique=True))
def test_editing_a_line_without_changing_it_changes_nothing(words):
    try:
        prompts = PromptSet().added(words[0], words[1:], threshold=0.3, color="#112233", class_id=5)
    except PromptError:
        return
    assert with_line(prompts, 5, line_of(prompts, 5)) == prompts


def test_renaming_keeps_id_colour_and_threshold():
    prompts = PromptSet().added("cat", threshold=0.3, color="#112233", class_id=5)
    entry = with_line(prompts, 5, "lion: big cat").get(5)
    assert (entry.name, entry.synonyms, entry.threshold, entry.color) == ("lion", ("big cat",), 0.3, "#112233")


@pytest.mark.parametrize("line", ["cat, dog", "", "background: wall"])
def test_a_line_must_hold_one_class(line):
    with pytest.raises(PromptError, match="one name"):
        with_line(PromptSet.parse("cat"), 1, line)


def test_an_error_of_one_line_names_no_line():
    with pytest.raises(PromptError) as caught:
        added(PromptSet(), parsed("cat [colour=red]"), ())
    assert "Line" not in str(caught.value)


def test_background_is_a_comma_list():
    assert with_background_line(PromptSet.parse("cat"), "wall, , floor,wall").background == ("wall", "floor")


def test_a_loaded_list_keeps_the_ids_of_classes_that_have_layers():
    known = ClassTable.from_names("sky", "cat")
    prompts = replaced_by(PromptSet.parse("sky\ncat"), PromptSet.parse("dog\nCat\nbird"), known)
    assert [(entry.name, entry.id) for entry in prompts] == [("dog", 3), ("Cat", 2), ("bird", 4)]


def test_a_list_loaded_into_an_empty_table_is_taken_as_it_is():
    new = PromptSet.parse("a [id=4]\nb [id=9]")
    assert replaced_by(PromptSet(), new, ClassTable()) == new
