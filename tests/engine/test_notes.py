import numpy as np

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.notes import lookalikes, unknown_words

PROMPTS = PromptSet.parse("boat: ship\nyacht\ntree\nbackground: bush")
OWNER = np.array([0, 1, 2, 3])


def rows(*angles):
    return np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], 1).astype(np.float32)


def test_classes_that_the_model_cannot_tell_apart_are_named():
    (note,) = lookalikes(PROMPTS, rows(0, 5, 90, 180), OWNER)
    assert "'boat' and 'yacht'" in note
    (note,) = lookalikes(PROMPTS, rows(0, 50, 90, 91), OWNER)
    assert "'tree' and 'background'" in note
    assert lookalikes(PROMPTS, rows(0, 30, 60, 90), OWNER) == ()


def test_phrases_of_one_class_may_be_alike():
    assert lookalikes(PROMPTS, rows(0, 1, 90, 180, 270), np.array([0, 0, 1, 2, 3])) == ()


def test_words_are_compared_without_case_and_numbers():
    prompts = PromptSet.parse("A Boat 2\nthe tree's bark\nyacht-club")
    known = {"a", "boat", "the", "tree's", "bark", "yacht-club"}
    assert unknown_words(prompts, known, "demo") == ()
    assert unknown_words(prompts, None, "other") == ()


def test_what_the_model_knows_is_reported_without_filling_words():
    known = {"a", "of", "photo", "the", "ball", "balls", "grass", "sea"}
    (note,) = unknown_words(PromptSet.from_names("zebra"), known, "demo", ["a photo of the {}."])
    assert note.endswith("it knows ball, grass, sea.")


def test_many_unknown_phrases_are_counted():
    prompts = PromptSet.from_names(*"abcdefgh")
    (note,) = unknown_words(prompts, {"sky"}, "demo")
    assert "'e' and 3 more" in note


def test_a_long_vocabulary_is_cut():
    known = {f"word{letter}" for letter in "abcdefghijklmnopqrst"}
    (note,) = unknown_words(PromptSet.from_names("zebra"), known, "demo")
    assert note.endswith("wordk, wordl and 8 more.")


def test_pairs_that_look_alike_stay_apart_and_are_counted():
    prompts = PromptSet.from_names("cell", "class 0", "glass", "class 1", "sea")
    (note,) = lookalikes(prompts, rows(0, 0, 0, 0, 90), np.arange(5))
    assert "'cell' and 'class 0'; 'cell' and 'glass'" in note
    (note,) = lookalikes(PromptSet.from_names(*"abcde"), rows(0, 0, 0, 0, 0), np.arange(5))
    assert note.endswith("'b' and 'c' and 5 more.")
