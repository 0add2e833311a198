import time

import pytest

from napari_cliptrase.progress import Progress, duration, map_progress, paced, run_to_end, time_left


def steps():
    yield from (1, 2, 3)
    return "end"


def test_a_generator_runs_to_its_end_and_every_step_is_shown():
    seen = []
    assert run_to_end(steps(), seen.append) == run_to_end(steps()) == "end"
    assert seen == [1, 2, 3]


def test_steps_are_reported_in_other_words_and_some_passed_over():
    seen = []
    reported = map_progress(steps(), lambda step: Progress(step, 3, "doing") if step != 2 else None)
    assert run_to_end(reported, seen.append) == "end"
    assert [progress.done for progress in seen] == [1, 3]


def test_paced_work_goes_on_until_its_time_is_used_up_and_loses_no_step():
    done = []

    def work():
        for number in range(6):
            done.append(number)
            time.sleep(0.02)
            yield Progress(number, 6, "working")
        return "end"

    turns = paced(work(), 0.05)
    assert next(turns).done >= 1
    assert run_to_end(turns) == "end"
    assert done == [0, 1, 2, 3, 4, 5]
    assert not list(paced(work(), 3600))
    every = paced(work(), 0)
    assert len(list(every)) == 6


def test_paced_work_does_not_begin_a_step_that_would_take_too_long():
    def work():
        for number in range(3):
            time.sleep(0.03)
            yield Progress(number, 3, "working")

    assert [progress.done for progress in paced(work(), 0.05)] == [0, 1, 2]


def test_paced_work_that_is_closed_closes_the_work():
    closed = []

    def work():
        try:
            while True:
                yield Progress(0, 0, "working")
        finally:
            closed.append(True)

    turns = paced(work(), 0)
    next(turns)
    turns.close()
    assert closed


def test_the_time_that_is_left_is_reported_between_the_first_and_the_last():
    begun = time.monotonic() - 60
    assert time_left(begun, 3, 4) == ", about 20 s left"
    assert time_left(begun, 0, 4) == time_left(begun, 4, 4) == ""


@pytest.mark.parametrize(("seconds", "text"), [(0, "1 s"), (42.4, "42 s"), (720, "12 min"), (12600, "3.5 h")])
def test_times_are_reported_in_few_words(seconds, text):
    assert duration(seconds) == text
