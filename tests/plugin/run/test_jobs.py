import threading

import pytest
from napari.utils.notifications import notification_manager

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.progress import Progress

PATIENCE = 60_000
"""Milliseconds; the first job of a process loads what torch needs beside a window."""


@pytest.fixture
def jobs(qtbot):
    jobs = Jobs()
    yield jobs
    jobs.cancel()
    qtbot.waitUntil(lambda: jobs.idle, timeout=PATIENCE)


def counting(steps):
    def work():
        for step in range(steps):
            yield Progress(step, steps, f"counting {step}")
        return steps

    return work


def test_a_job_works_in_another_thread_and_its_value_arrives_in_this_one(jobs, qtbot):
    threads, values = [], []

    def work():
        threads.append(threading.get_ident())
        yield Progress(0, 1, "working")
        return 42

    job = jobs.start("Work", work, done=lambda value: values.append((value, threading.get_ident())))
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        pass
    assert values == [(42, threading.get_ident())]
    assert threads != [threading.get_ident()]
    assert not job.running


def test_progress_arrives(jobs, qtbot):
    reported, connected = [], threading.Event()

    def work():
        assert connected.wait(60)
        return (yield from counting(5)())

    job = jobs.start("Count", work)
    job.progressed.connect(reported.append)
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        connected.set()
    assert [progress.text for progress in reported] == [f"counting {step}" for step in range(5)]


def test_cancel_stops_at_the_next_step_and_nothing_is_used(jobs, qtbot):
    seen, values, cancelled = [], [], threading.Event()

    def work():
        seen.append("first step")
        yield Progress(0, 3, "working")
        seen.append("second step")
        assert cancelled.wait(60)
        yield Progress(1, 3, "working")
        seen.append("third step")

    job = jobs.start("Work", work, done=values.append)
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=PATIENCE)
    with qtbot.waitSignals([job.cancelled, job.finished], timeout=PATIENCE):
        job.cancel()
        cancelled.set()
    assert seen == ["first step", "second step"]
    assert not values


def test_a_cancelled_job_closes_its_generator(jobs, qtbot):
    closed = []

    def work():
        try:
            while True:
                yield Progress(1, 2, "loading")
        finally:
            closed.append(True)

    job = jobs.start("Load", work)
    with qtbot.waitSignal(job.progressed, timeout=PATIENCE):
        pass
    with qtbot.waitSignals([job.cancelled, job.finished], timeout=PATIENCE):
        job.cancel()
    assert closed


def test_an_error_is_one_sentence(jobs, qtbot):
    def work():
        yield Progress(0, 1, "trying")
        raise CliptraseError("The file is gone; choose another.")

    errors = []
    job = jobs.start("Try", work, failed=errors.append)
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        pass
    assert [str(error) for error in errors] == ["The file is gone; choose another."]


def test_without_a_handler_the_sentence_is_shown(jobs, qtbot):
    def work():
        yield Progress(0, 1, "trying")
        raise ValueError("deep inside")

    notification_manager.records.clear()
    with qtbot.waitSignal(jobs.start("Try", work).finished, timeout=PATIENCE):
        pass
    assert "ValueError: deep inside" in notification_manager.records[-1].message


def test_a_result_that_comes_too_late_is_reported(jobs, qtbot):
    errors = []

    def done(_value):
        raise CliptraseError("The image was removed meanwhile.")

    job = jobs.start("Count", counting(1), done=done, failed=errors.append)
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        pass
    assert len(errors) == 1


def test_the_latest_of_a_key_wins(jobs, qtbot):
    values, last, all_started = [], None, threading.Event()
    for number in range(5):

        def work(number=number):
            yield Progress(0, 1, "scoring")
            assert all_started.wait(60)
            return number

        last = jobs.start("Score", work, done=values.append, key="score")
    assert jobs.running("score") == (last,)
    all_started.set()
    qtbot.waitUntil(lambda: jobs.idle, timeout=PATIENCE)
    assert values == [4]


def test_jobs_of_other_keys_go_on(jobs, qtbot):
    values = []
    jobs.start("A", counting(3), done=values.append, key="a")
    jobs.start("B", counting(3), done=values.append, key="b")
    qtbot.waitUntil(lambda: len(values) == 2, timeout=PATIENCE)


def finishing(seen, steps, fails=False):
    """What a job does with its value, a step at a time in the GUI thread."""

    def use(_value):
        try:
            for step in range(steps):
                seen.append((step, threading.get_ident()))
                yield Progress(step, steps, f"writing {step}")
            if fails:
                raise CliptraseError("The image has changed.")
        except BaseException as error:
            seen.append(type(error))
            raise

    return use


def test_the_rest_of_a_job_goes_step_by_step_while_the_window_lives(jobs, qtbot):
    seen, reported = [], []
    job = jobs.start("Count", counting(2), done=finishing(seen, 3))
    job.progressed.connect(lambda progress: reported.append((progress.text, job.running, len(seen))))
    with qtbot.waitSignals([job.done, job.finished], timeout=PATIENCE):
        pass
    assert seen == [(step, threading.get_ident()) for step in range(3)]
    assert reported[-3:] == [(f"writing {step}", True, step + 1) for step in range(3)]
    assert not jobs.running()


def test_cancel_closes_the_rest_of_a_job(jobs, qtbot):
    seen = []
    job = jobs.start("Count", counting(2), done=finishing(seen, 1000))
    job.progressed.connect(lambda progress: progress.text == "writing 1" and job.cancel())
    with qtbot.waitSignals([job.cancelled, job.finished], timeout=PATIENCE):
        pass
    assert seen[-1] is GeneratorExit
    assert len(seen) < 5


def test_an_error_in_the_rest_of_a_job_is_one_sentence(jobs, qtbot):
    seen, errors = [], []
    job = jobs.start("Count", counting(2), done=finishing(seen, 2, fails=True), failed=errors.append)
    with qtbot.waitSignal(job.finished, timeout=PATIENCE):
        pass
    assert [str(error) for error in errors] == ["The image has changed."]


def test_a_result_that_comes_after_all_from_a_cancelled_job_is_dropped(jobs, qtbot):
    values, reported, known = [], [], threading.Event()

    def work():
        yield Progress(0, 1, "working")
        known.wait(10)
        job.cancel()
        return 42

    job = jobs.start("Work", work, done=values.append)
    job.done.connect(reported.append)
    with qtbot.waitSignals([job.cancelled, job.finished], timeout=PATIENCE):
        known.set()
    assert not values
    assert not reported
