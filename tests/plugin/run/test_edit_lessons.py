"""What hand edits teach, asked for directly: the learner of the fixture does not follow them here."""

import numpy as np
import pytest

from napari_cliptrase.plugin.run.edit_lessons import EditLessons


@pytest.fixture
def lessons(pupil):
    pupil.examples.learning = False
    return EditLessons(pupil.session, pupil.bench.layers)


def teach(pupil, lessons):
    return lessons.teach(pupil.session.encoded, pupil.session.model.fingerprint)


def test_hand_edits_are_new_once_and_go_with_the_stroke(pupil, lessons):
    class_id, part = pupil.strongest_part()
    assert not teach(pupil, lessons), "nothing was painted"
    pupil.assign(class_id, part)
    lessons.note_all()
    assert teach(pupil, lessons)
    assert not teach(pupil, lessons)
    assert [lesson.class_name for lesson in pupil.memory.lessons] == [pupil.session.prompts.get(class_id).name]
    pupil.bench.layers.class_layers(pupil.image)[class_id].undo()
    lessons.note_all()
    assert teach(pupil, lessons)
    assert not pupil.memory.lessons


def test_only_noted_rows_are_read_again(pupil, lessons):
    class_id, part = pupil.strongest_part()
    assert not lessons.read
    assert lessons.stated is None
    teach(pupil, lessons)
    assert lessons.read
    pupil.assign(class_id, part)
    assert not teach(pupil, lessons)
    layer = pupil.bench.layers.class_layers(pupil.image)[class_id]
    lessons.note_rows(layer, pupil.target.plane, part[0])
    assert teach(pupil, lessons)
    expected = np.zeros(pupil.target.shape, bool)
    expected[part] = True
    assert np.array_equal(lessons.stated, expected)
    lessons.forget_patches()
    assert not lessons.read
    assert not teach(pupil, lessons), "it is read again, and teaches the same"


def test_a_forgotten_example_is_not_taught_again_by_the_same_pixels(pupil, lessons):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    teach(pupil, lessons)
    lessons.forget_one(pupil.memory.lessons[0])
    assert not pupil.memory.lessons
    assert not teach(pupil, lessons)
    wider = slice(0, pupil.target.shape[0]), part[1]
    pupil.assign(class_id, wider)
    lessons.note_all()
    assert teach(pupil, lessons)
    lessons.forget(pupil.session.prompts.get(class_id).name.upper())
    assert not pupil.memory.lessons
    assert not teach(pupil, lessons)


def test_spots_of_a_stroke_lie_where_it_was_painted(pupil, lessons):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    teach(pupil, lessons)
    (lesson,) = pupil.memory.lessons
    rows, columns = np.divmod(lesson.spots.place, 4 * pupil.session.encoded.encoding.grid[1])
    height, width = pupil.target.shape
    tall, wide = (4 * cells for cells in pupil.session.encoded.encoding.grid)
    inside = np.zeros((height, width), bool)
    inside[part] = True
    assert inside[rows * height // tall, columns * width // wide].mean() > 0.8


def test_forgotten_spots_are_not_taught_again(pupil, lessons):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    teach(pupil, lessons)
    lessons.forget()
    assert not teach(pupil, lessons)
    assert not pupil.memory.lessons
