import pytest

from napari_cliptrase.plugin.widgets.segment.run_bar import RunBar
from napari_cliptrase.progress import Progress


@pytest.fixture
def bar(qtbot):
    bar = RunBar()
    qtbot.addWidget(bar)
    bar.show()
    return bar


def test_what_is_missing_is_reported_and_run_waits_for_it(bar):
    bar.set_reason("Open an image first.")
    assert not bar.run.isEnabled()
    assert bar.message.text() == bar.run.toolTip() == "Open an image first."
    bar.set_reason("")
    assert bar.run.isEnabled()
    assert not bar.message.isVisible()
    assert "Segment" in bar.run.toolTip()


def test_a_hint_is_shown_where_nothing_is_missing(bar):
    bar.set_reason("", "Press Run: the settings have changed.")
    assert bar.run.isEnabled()
    assert bar.message.text() == "Press Run: the settings have changed."


def test_cancel_takes_the_place_of_run_while_something_runs(bar, qtbot):
    assert (bar.run.isVisible(), bar.cancel.isVisible(), bar.bar.isVisible()) == (True, False, False)
    bar.set_busy(True)
    assert (bar.run.isVisible(), bar.cancel.isVisible(), bar.bar.isVisible()) == (False, True, True)
    with qtbot.waitSignal(bar.cancel_requested):
        bar.cancel.click()
    bar.show_progress(Progress(1, 4, "encoding"))
    bar.set_busy(False)
    assert (bar.run.isVisible(), bar.cancel.isVisible(), bar.bar.isVisible()) == (True, False, False)
    assert bar.message.text() == ""


def test_progress_is_reported_in_words_and_as_a_part_of_the_whole(bar, qtbot):
    bar.set_busy(True)
    bar.show_progress(Progress(1, 4, "encoding the image"))
    assert bar.message.text() == "Encoding the image"
    assert bar.bar.value() / bar.bar.maximum() == 0.25
    bar.show_progress(Progress(0, 1, "loading"))
    qtbot.waitUntil(lambda: bar.message.text() == "Loading")
    assert bar.bar.maximum() == 0  # moves without end: nobody knows how long


def test_of_many_steps_in_a_moment_the_first_and_the_last_are_shown(bar, qtbot):
    shown = []
    bar.bar.valueChanged.connect(shown.append)
    bar.set_busy(True)
    for number in range(1, 100):
        bar.show_progress(Progress(number, 100, f"plane {number}"))
    qtbot.waitUntil(lambda: bar.message.text() == "Plane 99")
    assert len(shown) < 10


def test_progress_that_waits_to_be_shown_is_dropped_with_the_end_of_the_run(bar, qtbot):
    bar.set_busy(True)
    bar.show_progress(Progress(1, 4, "encoding"))
    bar.show_progress(Progress(2, 4, "scoring"))
    bar.set_busy(False)
    bar.set_busy(True)
    bar.show_progress(Progress(1, 4, "a new run"))
    qtbot.waitUntil(lambda: bar.message.text() == "A new run")


def test_the_words_of_a_run_are_not_overwritten_while_it_runs(bar):
    bar.set_busy(True)
    bar.show_progress(Progress(1, 4, "encoding"))
    bar.set_reason("Add at least one class.")
    assert bar.message.text() == "Encoding"
    assert not bar.run.isEnabled()


@pytest.mark.parametrize(("button", "signal"), [("run", "run_requested"), ("undo", "undo_requested")])
def test_each_button_says_what_is_wanted(bar, qtbot, button, signal):
    with qtbot.waitSignal(getattr(bar, signal)):
        getattr(bar, button).click()
