import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.stable_ids import changed_meanings, keep_ids
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import PromptError

WORDS = ["sky", "sea", "sand", "tree", "house", "Sky", "boat"]
NAMES = st.lists(st.sampled_from(WORDS), unique_by=str.casefold, max_size=6)


@given(NAMES, st.lists(NAMES, max_size=4))
def test_an_id_never_means_two_names_over_many_runs(first, runs):
    table, meant = ClassTable.from_names(*first), {}
    for names in runs:
        prompts = keep_ids(PromptSet.from_names(*names), table)
        assert [entry.name for entry in prompts] == names
        assert changed_meanings(table, prompts.table()) == ()
        kept = tuple(entry for entry in table if prompts.table().get(entry.id) is None)
        table = ClassTable((*prompts.table().classes, *kept))
        for entry in table:
            assert meant.setdefault(entry.id, entry.name.casefold()) == entry.name.casefold()


def test_known_names_keep_their_ids_and_new_ones_get_free_ids():
    known = ClassTable.from_names("sky", "sea", "sand")
    prompts = keep_ids(PromptSet.parse("tree: oak\nSea: water\nhouse [id=9]"), known)
    assert [(entry.id, entry.name) for entry in prompts] == [(10, "tree"), (2, "Sea"), (9, "house")]
    assert prompts.get(2).synonyms == ("water",)


def test_the_number_of_void_pixels_is_not_given_to_a_class():
    known = ClassTable((MaskClass(1, "sky", (0, 0, 0)),), void=2)
    assert [entry.id for entry in keep_ids(PromptSet.from_names("sea", "tree"), known)] == [3, 4]


def test_numbers_run_out_in_a_sentence():
    known = ClassTable((MaskClass(65535, "sky", (0, 0, 0)), MaskClass(1, "sea", (0, 0, 0))))
    with pytest.raises(PromptError, match="choose another folder"):
        keep_ids(PromptSet.from_names("tree"), known)


def test_what_a_number_would_become_is_reported():
    old, new = ClassTable.from_names("sky", "sea"), ClassTable.from_names("SKY", "tree")
    assert changed_meanings(old, new) == ("2 is 'sea' and would become 'tree'",)
