"""Masks that lie in a folder keep their meaning, whatever is asked for next."""

import numpy as np
import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cli.folder_ids import number_classes
from napari_cliptrase.errors import PromptError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.masks.tables import CLASS_FILE, read_class_file


@pytest.fixture
def folder(tmp_path):
    """A folder whose table has cat 1, dog 2 and cow 3, with a mask of a dog."""
    mask = LabelImage(np.full((4, 5), 2, np.uint8), ClassTable.from_names("cat", "dog", "cow"), stem="a")
    FORMATS["png"].write(mask, tmp_path)
    return tmp_path


def ids(prompts):
    return {entry.name: entry.id for entry in prompts}


def test_in_a_new_folder_the_classes_keep_their_own_numbers(tmp_path):
    prompts = PromptSet.parse("dog\nbird")
    assert number_classes(prompts, tmp_path / "none", new_ids=False) == (prompts, ())


def test_a_name_keeps_the_number_that_it_has_there_and_a_new_one_gets_a_free_one(folder):
    found, notes = number_classes(PromptSet.parse("dog\nbird"), folder, new_ids=False)
    assert ids(found)["dog"] == 2
    assert ids(found)["bird"] not in (1, 2, 3)
    assert len(notes) == 1
    assert "dog is 2" in notes[0]
    assert "--new-ids" in notes[0]


def test_nothing_is_reported_where_no_number_changes(folder):
    prompts = PromptSet.parse("cat\ndog")
    assert number_classes(prompts, folder, new_ids=False) == (prompts, ())


def test_a_long_list_of_numbers_is_cut(tmp_path):
    names = [f"class {number}" for number in range(9)]
    FORMATS["png"].write(LabelImage(np.ones((4, 5), np.uint8), ClassTable.from_names(*names), stem="a"), tmp_path)
    _, (note,) = number_classes(PromptSet.from_names(*reversed(names)), tmp_path, new_ids=False)
    assert "and 2 more" in note  # the middle one of nine stays


def test_numbers_are_counted_again_where_no_mask_changes_its_meaning(folder):
    prompts = PromptSet.parse("bird\ndog")
    assert number_classes(prompts, folder, new_ids=True) == (prompts, ())
    assert [entry.name for entry in read_class_file(folder / CLASS_FILE)] == ["dog"]  # what some mask holds


def test_a_mask_that_would_mean_something_else_is_named_and_nothing_is_written(folder):
    before = (folder / CLASS_FILE).read_bytes()
    with pytest.raises(PromptError, match="would change the meaning of masks in") as caught:
        number_classes(PromptSet.parse("dog\nbird"), folder, new_ids=True)
    assert "dog" in str(caught.value)
    assert (folder / CLASS_FILE).read_bytes() == before
