"""Scribbles on a small model of true shape: what a person sees in layers and examples."""

import numpy as np
import pytest

from napari_cliptrase.learn.lesson import LessonAction


@pytest.fixture
def tool(pupil):
    pupil.examples.learning = False
    pupil.bench.scribble_tool.set_on(True)
    pupil.settle()
    return pupil.bench.scribble_tool


def scribble(pupil, tool, class_id, part):
    """One stroke with napari's brush along the middle of a part of the image."""
    pupil.session.active_class = class_id
    rows, columns = part
    middle = (rows.start + rows.stop) // 2
    layer = tool.layer
    with layer.block_history():
        for column in range(columns.start + 3, columns.stop - 3):
            layer.paint((middle, column), layer.selected_label)
    pupil.settle()


def test_a_stroke_is_an_example_and_no_label_and_the_proposal_follows(pupil, tool):
    class_id, part = pupil.strongest_part()
    assert pupil.examples.learning, "the tool teaches"
    assert tool.layer.mode == "paint"
    scribble(pupil, tool, class_id, part)
    (lesson,) = pupil.memory.lessons
    assert lesson.class_name == pupil.session.prompts.get(class_id).name
    assert lesson.action is LessonAction.SCRIBBLE
    assert np.array_equal(pupil.labels(), pupil.text_alone), "a scribble labels nothing"
    proposal = pupil.learner.proposal
    assert (proposal.labels[part] == class_id)[proposal.where[part]].all()
    assert proposal.where[part].any(), "what lies under a scribble can change, too"


def test_undo_of_a_stroke_undoes_its_lesson(pupil, tool):
    class_id, part = pupil.strongest_part()
    scribble(pupil, tool, class_id, part)
    tool.layer.undo()
    pupil.settle()
    assert len(pupil.memory) == 0
    assert pupil.learner.proposal is None


def test_all_scribbles_are_cleared_in_one_step_that_can_be_taken_back(pupil, tool):
    class_id, part = pupil.strongest_part()
    scribble(pupil, tool, class_id, part)
    assert tool.any_marks
    tool.clear()
    pupil.settle()
    assert not tool.any_marks
    assert len(pupil.memory) == 0
    tool.layer.undo()
    pupil.settle()
    assert tool.any_marks
    assert len(pupil.memory) == 1


def test_a_class_chosen_in_the_table_is_the_colour_of_the_brush(pupil, tool):
    for class_id in (2, 1):
        pupil.session.active_class = class_id
        assert pupil.viewer.layers.selection.active is tool.layer
        assert tool.layer.selected_label == class_id


def test_choosing_another_layer_ends_the_tool_and_leaves_the_marks(pupil, tool, qtbot):
    class_id, part = pupil.strongest_part()
    scribble(pupil, tool, class_id, part)
    pupil.viewer.layers.selection.active = pupil.image
    qtbot.waitUntil(lambda: not tool.on)
    assert tool.layer in pupil.viewer.layers
    assert pupil.viewer.layers.selection.active is pupil.image
    tool.set_on(True)
    assert pupil.viewer.layers.selection.active is tool.layer
    assert tool.any_marks


def test_marks_are_there_again_with_their_image(pupil, tool):
    class_id, part = pupil.strongest_part()
    scribble(pupil, tool, class_id, part)
    before = np.asarray(tool.layer.data).copy()
    encoded = pupil.session.encoded
    pupil.session.encoded = None
    assert tool.layer is None
    assert not tool.on
    pupil.session.encoded = encoded
    assert np.array_equal(tool.layer.data, before)


def test_a_layer_that_the_user_removes_takes_its_lessons_along(pupil, tool, qtbot):
    class_id, part = pupil.strongest_part()
    scribble(pupil, tool, class_id, part)
    pupil.viewer.layers.remove(tool.layer)
    qtbot.waitUntil(lambda: not tool.on)
    pupil.settle()
    assert pupil.session.scribbles.empty
    assert len(pupil.memory) == 0


def test_marks_outlive_their_image(pupil, tool, qtbot):
    class_id, part = pupil.strongest_part()
    scribble(pupil, tool, class_id, part)
    for layer in (tool.layer, pupil.image):  # as a folder does when another image is opened
        pupil.viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: not tool.on)
    assert not pupil.session.scribbles.empty
    assert len(pupil.memory) == 1


def test_without_an_encoding_there_is_nothing_to_compare_with(pupil, tool):
    tool.set_on(False)
    pupil.session.encoded = None
    tool.set_on(True)
    assert not tool.on


def test_an_id_that_the_layer_cannot_hold_gets_room(pupil, tool):
    class_id, part = pupil.strongest_part()
    scribble(pupil, tool, class_id, part)
    before = np.asarray(tool.layer.data).copy()
    pupil.session.prompts = pupil.session.prompts.added("another", class_id=300)
    assert np.array_equal(tool.layer.data, before)
    pupil.session.active_class = 300
    assert tool.layer.selected_label == 300
    tool.layer.paint((2, 2), 300)
    assert tool.layer.data[2, 2] == 300
