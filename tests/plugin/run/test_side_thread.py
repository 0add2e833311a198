import threading

import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.side_thread import SideThread


@pytest.fixture
def side(qtbot):
    thread = SideThread("test")
    yield thread
    thread.stop()


def test_work_is_done_beside_the_window_and_used_in_it(side, qtbot):
    where, got = [], []

    def steps():
        where.append(threading.get_ident())
        yield
        return 7

    side.start(steps, lambda value: got.append((value, threading.get_ident())), pytest.fail)
    qtbot.waitUntil(lambda: side.idle)
    assert got == [(7, threading.get_ident())]
    assert where != [threading.get_ident()]


@pytest.mark.parametrize("error", [CliptraseError("No such image."), ValueError("no such image")])
def test_an_error_arrives_as_a_sentence(side, qtbot, error):
    def steps():
        yield
        raise error

    said = []
    side.start(steps, pytest.fail, said.append)
    qtbot.waitUntil(lambda: bool(said))
    assert isinstance(said[0], CliptraseError)
    assert "o such image" in str(said[0])


def test_what_was_cancelled_stops_at_its_next_step_and_is_not_used(side, qtbot):
    go, log = threading.Event(), []

    def steps():
        try:
            yield
            go.wait(30)
            yield
            log.append("too far")
        finally:
            log.append("closed")

    task = side.start(steps, pytest.fail, pytest.fail)
    task.cancel()
    go.set()
    qtbot.waitUntil(lambda: side.idle)
    assert log in (["closed"], [])


def test_work_that_has_not_begun_is_forgotten_when_the_thread_stops(side, qtbot):
    go, used = threading.Event(), []

    def wait():
        go.wait(30)
        yield

    side.start(wait, used.append, pytest.fail)
    side.start(wait, pytest.fail, pytest.fail)
    side.stop()
    go.set()
    qtbot.waitUntil(lambda: not any(thread.name.startswith("cliptrase-test") for thread in threading.enumerate()))
    qtbot.waitUntil(lambda: used == [None])
