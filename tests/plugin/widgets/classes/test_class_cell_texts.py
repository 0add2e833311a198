import numpy as np
import pytest

from napari_cliptrase.classes.prompt_class import PromptClass
from napari_cliptrase.cliptrase.options import Absent
from napari_cliptrase.engine.absent import Absence
from napari_cliptrase.engine.result import ClassSummary
from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.plugin.widgets.classes.class_cell_texts import HEADERS, ClassCellTexts, Column

CAT = PromptClass(1, "cat", synonyms=("kitten",), threshold=0.4)


def texts(areas=None, summary=(), memory=None):
    return ClassCellTexts(areas or {}, {entry.id: entry for entry in summary}, memory)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "none"), (0.0001, "<0.1 %"), (0.001, "0.1 %"), (0.123, "12.3 %"), (0.999, "99.9 %"), (0.9996, "100 %"),
        (1, "100 %"),
    ],
)  # fmt: skip
def test_an_area_is_reported_in_percent(share, text):
    assert texts({1: share}).text(Column.AREA, CAT) == text


def test_what_was_not_measured_is_empty():
    nothing = texts()
    assert [nothing.text(column, CAT) for column in (Column.AREA, Column.SCORE)] == ["", ""]
    assert nothing.best_score(1) is None
    assert nothing.text(Column.THRESHOLD, CAT) == "0.40"
    assert nothing.text(Column.VISIBLE, CAT) is None


def test_figures_of_the_last_result_stand_in_cell_and_tooltip():
    absence = Absence(Absent.PURIFY, 0.1, 0.5)
    found = texts(summary=[ClassSummary(1, "cat", 0, 0.0, 0.61, 0.9, absence)])
    assert found.text(Column.SCORE, CAT) == "0.61"
    assert found.tooltip(Column.SCORE, CAT).endswith("Highest probability anywhere: 0.90")
    assert found.absence(1) == absence.text
    assert "Also asked for: kitten" in found.tooltip(Column.NAME, CAT)
    assert "Not in this image" in found.tooltip(Column.NAME, CAT)
    assert found.tooltip(Column.LOCKED, CAT) == HEADERS[Column.LOCKED][1]


def test_examples_are_counted_whatever_the_case_of_the_name():
    lessons = [Lesson(name, np.ones((3, 4), np.float32) / 2, np.ones(3, np.float32)) for name in ("Cat", "dog")]
    taught = texts(memory=LessonMemory("model", "settings").taught(lessons[:1]))
    assert (taught.basis("cat"), taught.basis("dog")) == ("+1", "text")
    assert "text and 1 example (3 patches)" in taught.tooltip(Column.BASIS, CAT)


def test_a_class_without_text_says_what_it_stands_on():
    thing = PromptClass(1, "thing", text=False)
    alone = texts()
    assert alone.text(Column.BASIS, thing) == "none"
    assert "nothing yet, since its text is off" in alone.tooltip(Column.BASIS, thing)
    memory = LessonMemory("m", "s", (Lesson("thing", np.eye(3, dtype=np.float32), np.ones(3)),))
    taught = texts(memory=memory)
    assert taught.text(Column.BASIS, thing) == "1"
    assert "1 example (3 patches) alone" in taught.tooltip(Column.BASIS, thing)
