import numpy as np

from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.project.project_paths import ProjectPaths
from napari_cliptrase.project.taught_files import read_taught, taught_file, write_taught


def memory(model: str, name: str = "cat") -> LessonMemory:
    lesson = Lesson(name, np.eye(4, dtype=np.float32)[:2], np.ones(2, np.float32), image="a")
    return LessonMemory(model, "normal").taught([lesson])


def test_each_model_has_a_file_that_comes_back(tmp_path):
    paths, one, two = ProjectPaths(tmp_path), memory("one"), memory("two", "dog")
    write_taught(paths, (), (one, two))
    memories, problems = read_taught(paths)
    assert {found.sha256 for found in memories} == {one.sha256, two.sha256}
    assert problems == ()


def test_only_what_changed_is_written_and_what_is_gone_is_removed(tmp_path):
    paths, one, two = ProjectPaths(tmp_path), memory("one"), memory("two")
    write_taught(paths, (), (one, two))
    taught_file(paths, one).write_bytes(b"touched by nobody")
    write_taught(paths, (one, two), (one,))
    assert taught_file(paths, one).read_bytes() == b"touched by nobody"
    assert not taught_file(paths, two).exists()


def test_a_damaged_file_is_left_out_with_a_sentence_and_stays(tmp_path):
    paths, one = ProjectPaths(tmp_path), memory("one")
    write_taught(paths, (), (one,))
    taught_file(paths, one).write_bytes(b"nothing")
    memories, (problem,) = read_taught(paths)
    assert memories == ()
    assert "left out" in problem
    assert taught_file(paths, one).exists()


def test_a_project_that_was_never_taught_has_no_examples(tmp_path):
    assert read_taught(ProjectPaths(tmp_path)) == ((), ())
