import pytest

from napari_cliptrase.plugin.widgets.folder.step_bar import StepBar
from napari_cliptrase.project.image_record import State

A, B, C = (f"image{number:04d}.png" for number in range(3))


@pytest.fixture
def bar(annotator, qtbot):
    bar = StepBar(annotator.work, annotator.bench.folder_keys)
    qtbot.addWidget(bar)
    bar.show()
    return bar


def test_previous_and_next_go_through_the_list(bar, annotator):
    bar.next.click()
    annotator.wait(lambda: annotator.state.shown == B)
    bar.previous.click()
    annotator.wait(lambda: annotator.state.shown == A)


def test_next_unfinished_passes_what_is_done(bar, annotator):
    annotator.go(B)
    annotator.work.mark(State.DONE)
    annotator.settle()
    annotator.go(A)
    bar.unfinished.click()
    annotator.wait(lambda: annotator.state.shown == C)


@pytest.mark.parametrize(
    ("button", "reviewing", "state"),
    [
        ("done", False, State.DONE),
        ("empty", False, State.EMPTY),
        ("accept", True, State.REVIEWED),
        ("back", True, State.IN_PROGRESS),
    ],
)
def test_each_button_sets_its_state_and_goes_on(bar, annotator, button, reviewing, state):
    annotator.state.reviewing = reviewing
    getattr(bar, button).click()
    annotator.wait(lambda: annotator.state.record(A).state is state)
    annotator.settle()


def test_review_has_buttons_of_its_own(bar, annotator):
    def shown():
        return [button.isVisible() for button in (bar.done, bar.empty, bar.accept, bar.back)]

    assert shown() == [True, True, False, False]
    annotator.state.reviewing = True
    assert shown() == [False, False, True, True]


def test_a_flag_comes_with_its_note_and_goes_again(bar, annotator):
    bar.note.setText("  glare ")
    bar.flag.click()
    annotator.settle()
    assert annotator.state.record(A).flag == "glare"
    assert bar.flag.text() == "Unflag"
    bar.flag.click()
    annotator.settle()
    assert annotator.state.record(A).flag is None
    assert bar.flag.text() == "⚑ Flag"


def test_the_note_is_that_of_the_image_on_show(bar, annotator):
    annotator.work.flag("blurred", B)
    annotator.settle()
    assert bar.note.text() == ""
    annotator.go(B)
    assert (bar.note.text(), bar.flag.text()) == ("blurred", "Unflag")


def test_without_a_folder_nothing_can_be_pressed(annotators, tmp_path, qtbot):
    person = annotators(tmp_path)
    bar = StepBar(person.work, person.bench.folder_keys)
    qtbot.addWidget(bar)
    buttons = (bar.previous, bar.next, bar.unfinished, bar.done, bar.empty, bar.accept, bar.back, bar.flag, bar.note)
    assert not any(button.isEnabled() for button in buttons)
