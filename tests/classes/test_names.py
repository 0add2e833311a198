import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.classes.names import LONGEST, clean_name

ANY = st.text(st.characters(codec=None), max_size=30)


@given(ANY)
def test_a_clean_name_can_be_written_and_stays_as_it_is(name):
    clean = clean_name(name)
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert clean_name(clean) == clean
    assert len(clean) == len(name)
    assert clean.splitlines() in ([clean], [])


@pytest.mark.parametrize("name", ["naïve 犬 🐶", "  spaces  ", "a: b/c", "e\u0301"])
def test_readable_names_stay(name):
    assert clean_name(name) == name


def test_endless_names_end():
    assert len(clean_name("犬" * 100_000)) == LONGEST


def test_names_of_undecodable_files_are_cleaned():
    assert clean_name(os.fsdecode(b"a\xff")) == "a\ufffd"
