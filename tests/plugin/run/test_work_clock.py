from napari_cliptrase.plugin.run.work_clock import WorkClock


def test_time_between_signs_of_life_counts_and_pauses_do_not():
    clock = WorkClock(longest_pause=60)
    clock.start(0)
    for now in (10, 50, 1000, 1020):
        clock.note_activity(now)
    assert clock.stop(1030) == 80


def test_a_clock_that_was_stopped_counts_no_more():
    clock = WorkClock()
    clock.start(0)
    clock.stop(5)
    clock.note_activity(6)
    clock.start(100)
    assert clock.stop(103) == 3


def test_a_clock_that_never_ran_says_nothing():
    assert WorkClock().stop(5) == 0
