import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError


@given(st.lists(st.text(), max_size=5), st.sampled_from([None, 99]))
def test_any_names_survive_classes_json(names, void):
    classes = tuple(
        MaskClass(i, name, (i, 2, 3), prompts=(name,), threshold=0.5) for i, name in enumerate(names, start=1)
    )
    table = ClassTable(classes, void, background=("wall",))
    assert ClassTable.from_json(table.to_json()) == table


@pytest.mark.parametrize(
    ("classes", "void", "says"),
    [
        ((MaskClass(1, "a", (0, 0, 0)), MaskClass(1, "b", (0, 0, 0))), None, "used twice"),
        ((MaskClass(255, "a", (0, 0, 0)),), 255, "void"),
        ((), 0, "starts at 1"),
        ((), 2**63, "starts at 1"),
        ((), True, "whole number"),
    ],
)
def test_tables_that_mean_nothing_are_refused(classes, void, says):
    with pytest.raises(MaskFormatError, match=says):
        ClassTable(classes, void)


def test_background_listed_as_class_zero_is_no_class():
    table = ClassTable.from_json('{"classes": [{"id": 0, "name": "background"}, {"id": 1, "name": "cat"}]}')
    assert table.ids == (1,)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"id": 0}, "start at 1"),
        ({"id": 2**63}, "start at 1"),
        ({"id": 1.5}, "id of a class is 1.5 instead of a whole number"),
        ({"id": True}, "whole number"),
        ({"name": {"text": "cat"}}, "name of class 1 .* instead of text"),
        ({"color": (0, 0, 256)}, "from 0 to 255"),
        ({"color": (0, 0)}, "three numbers"),
        ({"color": "red"}, "three numbers"),
        ({"color": (0.5, 0.5, 0.5)}, "whole number"),
        ({"prompts": (1,)}, "prompt of class 1"),
        ({"threshold": float("nan")}, "finite"),
        ({"threshold": 10**400}, "finite"),
        ({"threshold": "0.5"}, "instead of a number"),
        ({"text": "off"}, "'text' of class 1 is 'off' instead of true or false"),
    ],
)
def test_classes_that_no_writer_could_write_are_refused_where_they_are_made(fields, says):
    with pytest.raises(MaskFormatError, match=says):
        MaskClass(**{"id": 1, "name": "a", "color": (0, 0, 0), **fields})


def test_numbers_of_numpy_become_plain_ones():
    entry = MaskClass(np.uint8(3), "a", tuple(np.array([1, 2, 3], np.uint8)))
    assert json.loads(ClassTable((entry,)).to_json())["classes"][0]["id"] == 3
    assert entry.color == (1, 2, 3)


def test_names_are_made_such_that_every_file_can_hold_them():
    entry = MaskClass(2, "a\nb\x00c\ud800d\uffff", (0, 0, 0), prompts=("x\ty",))
    assert (entry.name, entry.prompts) == ("a b c\ufffdd\ufffd", ("x y",))
    assert MaskClass.named(7, " \n").name == "class 7"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "5", "{}", '{"classes": 5}', '{"classes": {"id": 1}}', "[" * 99999],
)
def test_a_damaged_table_is_a_sentence_with_the_file(text):
    with pytest.raises(MaskFormatError, match=r"x/classes\.json is not a class table"):
        ClassTable.from_json(text, "x/classes.json")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("5", "A class is 5; it must be an object"),
        ('{"name": {"a": 1}}', "The name of a class is a dict instead of text"),
        ('{"id": 1, "name": 5}', "The name of a class is 5 instead of text"),
        ('{"id": 1, "name": null}', "The name of a class is null instead of text"),
        ('{"id": 1}', "Class 1 has no name"),
        ('{"name": "a"}', "Class 'a' has no id"),
        ('{"id": "x", "name": "a"}', "The id of class 'a' is 'x' instead of a whole number"),
        ('{"id": [1], "name": "a"}', "The id of class 'a' is a list instead of a whole number"),
        ('{"id": 1, "name": "a", "color": 7}', "The colour of class 1 is 7; write it as #rrggbb"),
        ('{"id": 1, "name": "a", "color": "red"}', "Class 1: 'red' is not a colour; write it as #rrggbb"),
        ('{"id": 1, "name": "a", "prompts": {}}', "The prompts of class 1 are a dict; they must be a list of texts"),
        ('{"id": 1, "name": "a", "threshold": []}', "The threshold of class 1 is a list instead of a number"),
    ],
)
def test_a_damaged_class_is_a_sentence_with_the_file_and_the_field(entry, says):
    with pytest.raises(MaskFormatError, match=f"^x/classes.json: {says}"):
        ClassTable.from_json(f'{{"classes": [{entry}]}}', "x/classes.json")


def test_a_background_that_is_no_list_is_named():
    with pytest.raises(MaskFormatError, match="The prompts of the background are 'wall'; they must be a list of texts"):
        ClassTable.from_json('{"classes": [], "background": "wall"}')


def test_joining_keeps_order_and_ids_and_adds_what_is_new():
    one = ClassTable.from_names("cat", "dog")
    two = ClassTable((MaskClass(2, "dog", (9, 9, 9)), MaskClass(5, "tree", (1, 1, 1))), void=255, background=("wall",))
    joined = one.joined(two, "b")
    assert [(e.id, e.name) for e in joined] == [(1, "cat"), (2, "dog"), (5, "tree")]
    assert (joined.void, joined.background) == (255, ("wall",))
    assert joined.get(2).color == one.get(2).color


def test_joining_refuses_two_meanings_of_a_number():
    with pytest.raises(MaskFormatError, match="'cat' in one mask and 'car' in b"):
        ClassTable.from_names("cat").joined(ClassTable.from_names("car"), "b")
    with pytest.raises(MaskFormatError, match="Void is 255 in one mask and 254 in b"):
        ClassTable(void=255).joined(ClassTable(void=254), "b")
