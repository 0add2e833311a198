import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.learn.lesson import Lesson, LessonAction, LessonError
from napari_cliptrase.learn.lesson_file import read_lessons, write_lessons
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.learn.spot_examples import SpotExamples
from napari_cliptrase.learn.spots import TEXTURE_SIZE


def lesson(name, count, seed=0, **how):
    rows = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return Lesson(name, rows / np.linalg.norm(rows, axis=1, keepdims=True), np.full(count, 0.5, np.float32), **how)


MEMORY = LessonMemory("model", "settings").taught(
    [
        lesson("cat", 3, image="a", action=LessonAction.SCRIBBLE, time="2026-01-02"),
        lesson("größer als 猫", 5, seed=1, image="b", negative=True),
    ]
)


def test_a_file_gives_back_what_was_written(tmp_path):
    write_lessons(MEMORY, tmp_path / "new folder" / "examples.npz")
    found = read_lessons(tmp_path / "new folder" / "examples.npz")
    assert (found.model, found.settings) == ("model", "settings")
    for old, new in zip(MEMORY.lessons, found.lessons, strict=True):
        assert (old.class_name, old.negative, old.image, old.action, old.time) == (
            new.class_name,
            new.negative,
            new.image,
            new.action,
            new.time,
        )
        np.testing.assert_allclose(old.features, new.features, atol=1e-3)
        np.testing.assert_allclose(np.linalg.norm(new.features, axis=1), 1, atol=1e-5)
        np.testing.assert_array_equal(old.weight, new.weight)


def test_spots_come_back_too_and_lessons_that_have_nothing_else(tmp_path):
    rng = np.random.default_rng(2)
    spots = [SpotExamples(rng.random((n, TEXTURE_SIZE)), rng.random((n, 8)), np.arange(n) * 7) for n in (4, 2)]
    small = Lesson("crumb", np.zeros((0, 8)), np.zeros(0), image="c", spots=spots[1])
    full = MEMORY.taught([lesson("fox", 2, image="d", spots=spots[0]), small])
    write_lessons(full, tmp_path / "examples.npz")
    found = read_lessons(tmp_path / "examples.npz").lessons
    assert [entry.spots is None for entry in found] == [True, True, False, False]
    for old, new in zip(spots, (found[2].spots, found[3].spots), strict=True):
        np.testing.assert_array_equal(old.textures, new.textures)
        np.testing.assert_allclose(old.around, new.around, atol=1e-3)
        np.testing.assert_array_equal(old.place, new.place)


def test_the_same_lessons_give_the_same_bytes(tmp_path):
    write_lessons(MEMORY, tmp_path / "a.npz")
    write_lessons(MEMORY, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_an_empty_memory_is_a_file_too(tmp_path):
    write_lessons(LessonMemory("model", "settings"), tmp_path / "empty.npz")
    assert len(read_lessons(tmp_path / "empty.npz")) == 0


@pytest.mark.parametrize(("at", "value"), [(8, 1), (10, 99)], ids=["encrypted", "packed in an unknown way"])
def test_entries_that_cannot_be_unpacked_end_in_a_sentence(tmp_path, at, value):
    write_lessons(MEMORY, tmp_path / "a.npz")
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[data.index(b"PK\x01\x02") + at] = value
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(LessonError, match="is not a file of examples, or it is damaged"):
        read_lessons(tmp_path / "a.npz")


def test_missing_and_foreign_files_are_named(tmp_path):
    with pytest.raises(LessonError, match=r"none\.npz cannot be read"):
        read_lessons(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(LessonError, match=r"text\.npz is not a file of examples"):
        read_lessons(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", numbers=np.arange(3))
    with pytest.raises(LessonError, match=r"other\.npz is not a file of examples"):
        read_lessons(tmp_path / "other.npz")


@given(st.data())
def test_damaged_files_end_in_a_sentence(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / "examples.npz"
    write_lessons(MEMORY, path)
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(whole[: data.draw(st.integers(1, len(whole)))]))
    try:
        read_lessons(path)
    except LessonError as error:
        assert "examples.npz" in str(error)  # noqa: PT017 - both outcomes are fine, a traceback is not
