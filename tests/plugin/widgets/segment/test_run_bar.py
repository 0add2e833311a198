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


def test_progress_is_reported_in_words_and_as_a_part_of_the_whole(bar):
    bar.set_busy(True)
    bar.show_progress(Progress(1, 4, "encoding the image"))
    assert bar.message.text() == "Encoding the image"
    assert bar.bar.value() / bar.bar.maximum() == 0.25
    bar.show_progress(Progress(0, 1, "loading"))
    assert bar.bar.maximum() == 0  # moves without end: nobody knows how long


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
