import pytest
from qtpy.QtCore import Qt

from napari_cliptrase.plugin.widgets.segment.learning_bar import LearningBar


@pytest.fixture
def bar(pupil, qtbot) -> LearningBar:
    made = LearningBar(pupil.session, pupil.learner, pupil.bench.scribble_tool, pupil.bench.alike_tool)
    qtbot.addWidget(made)
    return made


def test_the_boxes_show_and_set_what_the_session_does(bar, pupil):
    assert bar.learn.isChecked()
    assert not bar.at_once.isChecked()
    bar.learn.click()
    assert not pupil.examples.learning
    assert not bar.at_once.isEnabled()
    pupil.examples.learning = True
    assert bar.learn.isChecked()
    bar.at_once.click()
    assert pupil.examples.at_once


def test_a_proposal_is_reported_and_can_be_accepted_and_taken_back(bar, pupil, qtbot):
    assert bar.accept.isHidden()
    assert bar.undo.isHidden()
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    assert "of the image would change to" in bar.proposed.text()
    before = pupil.labels()
    qtbot.mouseClick(bar.accept, Qt.MouseButton.LeftButton)
    pupil.settle()
    assert (pupil.labels() != before).any()
    assert bar.accept.isHidden()
    assert not bar.proposed.text()
    qtbot.mouseClick(bar.undo, Qt.MouseButton.LeftButton)
    assert (pupil.labels() == before).all()
    assert bar.undo.isHidden()


def test_scribbles_are_switched_on_and_cleared(bar, pupil):
    tool = pupil.bench.scribble_tool
    bar.scribble.click()
    assert tool.on
    assert bar.scribble.isChecked()
    assert not bar.clear.isEnabled()
    tool.mark(1, pupil.text_alone > 0)
    pupil.settle()
    assert bar.clear.isEnabled()
    bar.clear.click()
    pupil.settle()
    assert not bar.clear.isEnabled()
    bar.scribble.click()
    assert not tool.on


def test_find_alike_is_switched_on_and_off(bar, pupil):
    bar.alike.click()
    assert pupil.bench.alike_tool.on
    pupil.bench.alike_tool.set_on(False)
    assert not bar.alike.isChecked()


def test_fine_details_are_a_choice_that_the_result_follows(bar, pupil):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    pupil.learner.accept()
    pupil.settle()
    record = pupil.session.segmented.segmentation.provenance
    assert bar.texture.isChecked()
    assert record["examples"]["texture"]
    bar.texture.click()
    pupil.settle()
    assert not pupil.session.settings.texture
    assert not pupil.session.segmented.segmentation.provenance["examples"]["texture"]
    bar.texture.click()
    pupil.settle()
    assert pupil.session.segmented.segmentation.provenance["examples"]["texture"]
