import pytest

from napari_cliptrase.plugin.run.gui_steps import GuiSteps


def steps(log, count=3):
    try:
        for number in range(count):
            log.append(number)
            yield
        return "end"
    finally:
        log.append("closed")


def test_the_first_step_is_done_at_once_and_the_others_in_turn(qtbot):
    turns, log, ends = GuiSteps(), [], []
    turns.start(steps(log), ends.append)
    assert log == [0]
    qtbot.waitUntil(lambda: not turns.running)
    assert log == [0, 1, 2, "closed"]
    assert ends == ["end"]


def test_what_is_left_can_be_done_at_once(qtbot):
    turns, log, ends = GuiSteps(), [], []
    turns.start(steps(log), ends.append)
    turns.finish()
    assert ends == ["end"]


def test_a_newer_piece_of_work_takes_the_place_of_the_older(qtbot):
    turns, old, new, ends = GuiSteps(), [], [], []
    turns.start(steps(old), ends.append)
    turns.start(steps(new, 1), ends.append)
    qtbot.waitUntil(lambda: not turns.running)
    assert old == [0, "closed"]
    assert ends == ["end"]


def test_an_error_ends_the_work_and_is_not_hidden(qtbot):
    def fail():
        raise ValueError("broken")
        yield

    turns = GuiSteps()
    with pytest.raises(ValueError, match="broken"):
        turns.start(fail())
    assert not turns.running
