import numpy as np
import pytest

from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.plugin.state.taught_examples import MOST_MEMORIES, TaughtExamples


def memory(model: str, settings: str = "normal") -> LessonMemory:
    lesson = Lesson("cat", np.ones((2, 4), np.float32) / 2, np.ones(2, np.float32), image="a")
    return LessonMemory(model, settings).taught([lesson])


@pytest.fixture
def examples() -> TaughtExamples:
    return TaughtExamples()


def test_an_image_gets_only_examples_of_its_own_model_and_settings(examples):
    known = memory("one")
    examples.teach(known)
    assert examples.in_use("one", "normal") is known
    assert examples.in_use("other", "normal") is None
    assert examples.in_use("one", "fine") is None
    assert len(examples.memory("other", "normal")) == 0


def test_switched_off_examples_are_kept_but_do_not_count_and_strokes_teach_nothing(examples):
    known, told = memory("one"), []
    examples.changed.connect(lambda: told.append(True))
    examples.teach(known)
    assert not told
    examples.learning = True
    examples.used = False
    assert told
    assert examples.in_use("one", "normal") is None
    assert examples.memory("one", "normal") is known
    assert not examples.learning


def test_learning_switches_examples_on(examples):
    examples.used = False
    examples.learning = True
    assert examples.used


def test_the_models_that_were_taught_last_are_remembered(examples):
    for number in range(MOST_MEMORIES + 2):
        examples.teach(memory(f"model {number}"))
    assert [kept.model for kept in examples.memories] == [f"model {number}" for number in range(2, MOST_MEMORIES + 2)]


def test_a_memory_without_examples_is_no_memory(examples):
    known = memory("one")
    examples.teach(known)
    examples.change(known.without_class("Cat"))
    assert examples.memories == ()
    assert examples.in_use("one", "normal") is None


def test_another_folder_takes_the_place_of_everything(examples):
    examples.teach(memory("one"))
    examples.replace_all([memory("two")])
    assert [kept.model for kept in examples.memories] == ["two"]
