"""A region or a mask becomes an example, and everything alike is shown: on a small model of true shape."""

import numpy as np
import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.tools.alike_tool import with_nameless


@pytest.fixture
def tool(pupil, qtbot, mouse_over):
    found = pupil.bench.alike_tool
    found.set_on(True)
    pupil.mouse = mouse_over(pupil.viewer, pupil.image)
    qtbot.waitUntil(lambda: found.part_at((1, 1)) is not None, timeout=60_000)
    yield found
    found.set_on(False)


def click(pupil, row, column, **how):
    pupil.mouse.press(row, column, **how)
    pupil.mouse.release(row, column, **how)
    pupil.settle()


def corner(pupil):
    """A pixel that the weakest class does not have."""
    class_id, (rows, columns) = pupil.strongest_part()
    return class_id, rows.start + 10, columns.start + 10


def test_a_region_becomes_an_example_and_only_what_is_like_it_is_shown(pupil, tool):
    class_id, row, column = corner(pupil)
    pupil.session.active_class = class_id
    pupil.examples.at_once = True
    region = np.zeros(pupil.text_alone.shape, bool)
    region[tool.part_at((row, column)).pixels] = True
    click(pupil, row, column)
    assert np.array_equal(pupil.bench.scribble_tool.layer.data == class_id, region)
    (lesson,) = pupil.memory.lessons
    assert lesson.class_name == pupil.session.prompts.get(class_id).name
    proposal = pupil.learner.proposal
    assert proposal.where[row, column]
    assert (proposal.labels[proposal.where] == class_id).all()
    assert np.array_equal(pupil.labels(), pupil.text_alone), "nothing is written before it is accepted"
    pupil.learner.accept()
    pupil.settle()
    assert np.array_equal(pupil.labels(), np.where(proposal.where, class_id, pupil.text_alone))


def test_shift_makes_a_new_class_of_it(pupil, tool):
    _, row, column = corner(pupil)
    click(pupil, row, column, modifiers=["Shift"])
    new = pupil.session.prompts.classes[-1]
    assert (new.name, new.text) == ("thing 1", False)
    assert pupil.session.active_class == new.id
    assert pupil.memory.counts() == {"thing 1": 1}
    proposal = pupil.learner.proposal
    assert proposal.where[row, column]
    assert (proposal.labels[proposal.where] == new.id).all()


def test_ctrl_takes_the_mask_under_the_cursor(pupil, tool):
    class_id, part = pupil.strongest_part()
    pupil.examples.learning = False
    pupil.assign(class_id, part)
    pupil.learner.forget()
    pupil.session.active_class = class_id
    click(pupil, part[0].start + 5, part[1].start + 5, modifiers=["Control"])
    marks = pupil.bench.scribble_tool.layer.data == class_id
    assert marks[part].all()
    assert (pupil.labels()[marks] == class_id).all()


def test_undo_of_the_mark_undoes_the_example(pupil, tool):
    class_id, row, column = corner(pupil)
    pupil.session.active_class = class_id
    click(pupil, row, column)
    pupil.bench.scribble_tool.layer.undo()
    pupil.settle()
    assert len(pupil.memory) == 0
    assert pupil.learner.proposal is None


def test_a_nameless_class_gets_a_free_name_and_a_free_id():
    prompts = with_nameless(PromptSet.parse("cat\nThing 1"), taken=[9])
    assert prompts.to_text().splitlines()[-1] == "thing 2 [id=10, text=off]"
