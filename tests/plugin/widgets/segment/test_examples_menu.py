from dataclasses import replace

import numpy as np
import pytest
from napari.utils.notifications import notification_manager

from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.learn.lesson_file import read_lessons, write_lessons
from napari_cliptrase.plugin.widgets.segment.examples_menu import ExamplesMenu, lesson_title


@pytest.fixture
def menu(pupil, qtbot) -> ExamplesMenu:
    made = ExamplesMenu(pupil.session, pupil.learner)
    qtbot.addWidget(made)
    return made


def entries(menu):
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions() if action.text()}


def teach(pupil) -> str:
    """Teach one class; return its name."""
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    pupil.session.active_class = class_id
    return pupil.session.prompts.get(class_id).name


def test_without_examples_there_is_nothing_to_forget_or_save(menu):
    found = entries(menu)
    enabled = {text for text, action in found.items() if action.isEnabled()}
    assert enabled == {"Use examples", "Load…"}


@pytest.mark.parametrize("way", ["class", "one", "all"])
def test_examples_are_forgotten(menu, pupil, way):
    name = teach(pupil)
    found = entries(menu)
    if way == "one":
        (action,) = found["Forget one"].menu().actions()
        assert action.text().startswith(f"{name}: ")
    else:
        action = found[f"Forget those of {name!r}" if way == "class" else "Forget all"]
    action.trigger()
    pupil.settle()
    assert len(pupil.memory) == 0
    pupil.assign(pupil.session.active_class, pupil.strongest_part()[1])
    assert len(pupil.memory) == 0, "the same pixels teach nothing again"


def test_one_box_switches_all_of_them_off(menu, pupil):
    teach(pupil)
    entries(menu)["Use examples"].trigger()
    pupil.settle()
    assert not pupil.examples.used
    assert not pupil.examples.learning
    assert len(pupil.memory) == 1
    assert "examples" not in pupil.session.segmented.segmentation.provenance


def test_a_file_of_examples_is_what_the_commands_read_and_comes_back(menu, pupil, tmp_path):
    name = teach(pupil)
    menu.save(tmp_path / "taught.npz")
    assert read_lessons(tmp_path / "taught.npz").counts() == {name: 1}
    pupil.learner.forget()
    pupil.settle()
    menu.load(tmp_path / "taught.npz")
    pupil.settle()
    assert pupil.memory.counts() == {name: 1}
    assert name in pupil.session.segmented.segmentation.provenance["examples"]["classes"]


@pytest.mark.parametrize(
    ("changes", "reason"), [({"model": "x"}, "made with another model than"), ({"settings": "x"}, "other settings")]
)
def test_examples_of_another_model_or_settings_are_refused_with_the_reason(menu, pupil, tmp_path, changes, reason):
    teach(pupil)
    memory = pupil.memory
    write_lessons(replace(memory, **changes), tmp_path / "other.npz")
    notification_manager.records.clear()
    menu.load(tmp_path / "other.npz")
    assert reason in notification_manager.records[-1].message
    assert pupil.memory is memory


def test_an_example_is_named_by_what_it_says_and_how_it_came():
    lesson = Lesson("grass", np.ones((2, 4), np.float32) / 2, np.ones(2, np.float32), negative=True, action="paint")
    assert lesson_title(lesson) == "not grass: 2 patches, paint"
    assert lesson_title(replace(lesson, time="2026-11-30T21:04:00+00:00")).startswith("not grass: 2 patches, paint, ")
