import pytest

from napari_cliptrase.classes.class_lists import BACKGROUNDS, CLASS_LISTS, listed
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.words import NAMES

COUNTS = {"Painted": 20, "PASCAL": 20, "Cityscapes": 19, "ADE20K": 150, "COCO-Stuff": 171}


@pytest.mark.parametrize("title", CLASS_LISTS)
def test_class_lists_are_whole_and_their_titles_tell_their_length(title):
    prompts = CLASS_LISTS[title]()
    assert len(prompts) == next(count for name, count in COUNTS.items() if title.startswith(name))
    assert str(len(prompts)) in title
    assert not prompts.doubts()


@pytest.mark.parametrize("title", BACKGROUNDS)
def test_backgrounds_hold_no_classes(title):
    prompts = BACKGROUNDS[title]()
    assert not prompts.classes
    assert bool(prompts.background) is not title.startswith("Nothing")


def test_the_list_of_the_painted_world_is_what_its_painters_know():
    assert listed("painted_world") == PromptSet.from_names(*NAMES)
