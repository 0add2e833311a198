from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.evaluate.name_choice import NameChoice


def names(choice, classes=NAMES):
    return [entry.name for entry in choice.prompts(classes)]


def test_known_names_are_the_classes_own():
    assert names(NameChoice.KNOWN) == list(NAMES)


def test_made_up_names_are_all_different_and_none_is_a_class():
    many = [f"class {i}" for i in range(150)]
    made_up = names(NameChoice.MADE_UP, many)
    assert len(set(made_up)) == len(many)
    assert not set(made_up) & {*many, *NAMES}


def test_a_mixture_has_half_of_each_in_the_order_of_the_classes():
    mixed = names(NameChoice.MIXED)
    assert mixed[1::2] == list(NAMES[1::2])
    assert mixed[::2] == names(NameChoice.MADE_UP)[::2]
