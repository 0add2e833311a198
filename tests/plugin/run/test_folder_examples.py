import numpy as np

from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.project.project_paths import ProjectPaths
from napari_cliptrase.project.taught_files import read_taught


def memory(name: str = "cat") -> LessonMemory:
    lesson = Lesson(name, np.eye(4, dtype=np.float32)[:2], np.ones(2, np.float32), image="a")
    return LessonMemory("model", "normal").taught([lesson])


def saved(annotator):
    return [found.sha256 for found in read_taught(ProjectPaths(annotator.folder))[0]]


def test_in_a_folder_strokes_teach_at_once_and_afterwards_as_before(annotator):
    examples = annotator.session.examples
    annotator.wait(lambda: examples.learning)
    assert examples.at_once
    annotator.work.close()
    assert not examples.learning
    assert not examples.at_once


def test_examples_are_saved_in_the_folder_and_come_back_for_all_its_images(annotator, annotators):
    annotator.wait(lambda: annotator.session.examples.learning)
    taught = memory()
    annotator.session.examples.teach(taught)
    annotator.wait(lambda: saved(annotator) == [taught.sha256])
    annotator.work.close()
    other = annotators(annotator.folder)
    other.open()
    other.wait(lambda: [found.sha256 for found in other.session.examples.memories] == [taught.sha256])


def test_what_was_taught_last_is_saved_when_the_folder_is_closed_and_the_session_gets_its_own_back(annotator):
    examples = annotator.session.examples
    annotator.wait(lambda: examples.learning)
    taught = memory("dog")
    examples.teach(taught)
    annotator.work.close()
    assert examples.memories == ()
    annotator.wait(lambda: saved(annotator) == [taught.sha256])


def test_a_folder_that_is_read_only_saves_nothing_and_strokes_teach_nothing(annotator, annotators):
    second = annotators(annotator.folder)
    second.open()
    assert second.state.project.read_only
    second.settle()
    second.session.examples.teach(memory())
    second.bench.folder_examples.save()
    second.settle()
    assert not second.session.examples.learning
    assert saved(second) == []
