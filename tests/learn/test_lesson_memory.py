import numpy as np
import pytest

from napari_cliptrase.learn import lesson_memory as memory_module
from napari_cliptrase.learn.lesson import Lesson, LessonError
from napari_cliptrase.learn.lesson_memory import LessonMemory, example_key, joined
from napari_cliptrase.learn.spot_examples import SpotExamples
from napari_cliptrase.learn.spots import TEXTURE_SIZE

EMPTY = LessonMemory("model", "settings")


def lesson(name="cat", count=4, image="a", seed=0, **how):
    rows = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return Lesson(
        name, rows / np.linalg.norm(rows, axis=1, keepdims=True), np.ones(count, np.float32), image=image, **how
    )


def test_new_lessons_of_an_image_replace_its_old_ones_for_that_class():
    first = EMPTY.taught([lesson("cat", 4), lesson("dog", 2)])
    second = first.taught([lesson("Cat", 7)])
    assert [(entry.class_name, len(entry)) for entry in second.lessons] == [("dog", 2), ("Cat", 7)]
    assert first.patches == 6


def test_a_negative_lesson_stands_beside_a_positive_one():
    both = EMPTY.taught([lesson("cat", 4)]).taught([lesson("cat", 2, negative=True)])
    assert len(both) == 2
    assert both.counts() == {"cat": 2}


def test_lessons_of_other_images_stay():
    assert len(EMPTY.taught([lesson(image="a")]).taught([lesson(image="b")])) == 2


def test_a_class_or_one_lesson_can_be_forgotten():
    full = EMPTY.taught([lesson("cat", image="a"), lesson("dog", image="a"), lesson("cat", image="b")])
    assert full.without_class("CAT").counts() == {"dog": 1}
    assert full.without_lesson(1).counts() == {"cat": 2}
    with pytest.raises(LessonError, match="there are 3"):
        full.without_lesson(3)


def test_the_memory_is_bounded_and_the_newest_stays_whole(monkeypatch):
    monkeypatch.setattr(memory_module, "MOST_PATCHES", 10)
    full = EMPTY.taught([lesson(image="old", count=8), lesson(image="older than new", count=4, seed=1)])
    assert full.patches == 10
    full = full.taught([lesson(image="new", count=9, seed=2)])
    assert full.patches == 10
    assert len(full.lessons[-1]) == 9
    assert full.lessons[-1].image == "new"


def test_what_repeats_is_thinned_first(monkeypatch):
    monkeypatch.setattr(memory_module, "MOST_PATCHES", 3)
    same, odd = np.eye(8, dtype=np.float32)[[0, 0, 0]], np.eye(8, dtype=np.float32)[[5]]
    thinned = EMPTY.taught([Lesson("cat", np.concatenate([same, odd]), np.ones(4, np.float32), image="a")])
    assert thinned.lessons[0].features[:, 5].max() == 1


def test_examples_of_another_model_or_of_other_settings_are_refused_with_the_reason():
    full = EMPTY.taught([lesson()])
    full.check("model", "settings", "demo")
    with pytest.raises(LessonError, match="another model than demo"):
        full.check("other", "settings", "demo")
    with pytest.raises(LessonError, match="other settings of the encoder"):
        full.check("model", "finer", "demo")
    EMPTY.check("other", "finer", "demo")


def test_memories_of_one_model_are_joined():
    both = joined([EMPTY.taught([lesson(image="a")]), EMPTY.taught([lesson(image="b")])])
    assert len(both) == 2
    with pytest.raises(LessonError, match="cannot be joined"):
        joined([EMPTY, LessonMemory("other", "settings").taught([lesson()])])


def test_lessons_taught_again_take_the_place_of_those_that_are_named_and_of_no_others():
    memory = LessonMemory("m", "s").taught([lesson("cat"), lesson("dog"), lesson("cat", image="b")])
    again = lesson("cow", seed=4)
    before = [example_key(lesson("Cat"))]
    assert [(one.class_name, one.image) for one in memory.retaught(before, [again]).lessons] == [
        ("dog", "a"),
        ("cat", "b"),
        ("cow", "a"),
    ]
    assert memory.retaught(before, []).counts() == {"dog": 1, "cat": 1}


def spotted(image, count=10):
    spots = SpotExamples(np.ones((count, TEXTURE_SIZE)), np.ones((count, 8)), np.arange(count))
    return Lesson("cat", np.zeros((0, 8)), np.zeros(0), image=image, spots=spots)


def test_a_thing_smaller_than_a_patch_is_remembered_by_its_spots():
    full = EMPTY.taught([spotted("a")])
    assert full.counts() == {"cat": 1}
    assert full.patches == 0
    assert full.sha256 != EMPTY.taught([spotted("a", 9)]).sha256


def test_spots_are_bounded_and_each_lesson_keeps_some(monkeypatch):
    monkeypatch.setattr(memory_module, "MOST_SPOTS", 12)
    full = EMPTY.taught([spotted("a"), spotted("b"), spotted("c")])
    assert [len(entry.spots) for entry in full.lessons] == [4, 4, 4]
    monkeypatch.setattr(memory_module, "MOST_SPOTS", 2)
    assert [len(entry.spots or ()) for entry in full.taught([lesson("dog")]).lessons] == [0, 1, 1, 0]
