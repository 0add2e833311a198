"""The queue with jobs that work when a test says so, and a SAM that writes down what it is asked."""

from types import SimpleNamespace

import numpy as np
import pytest
from psygnal import Signal

import napari_cliptrase.refine.interactive as interactive
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.tools.sam_requests import QUEUE_TRANSITIONS, QueueEvent, QueueState, SamRequestQueue
from napari_cliptrase.progress import Progress

NEW, PREPARING, READY, ANSWERING, GIVEN_UP, CLOSED = QueueState
PREPARE, REQUEST, CLOSE, ENCODED, NOT_ENCODED, ANSWERED = QueueEvent
WAY_TO = {
    NEW: (),
    PREPARING: (PREPARE,),
    READY: (PREPARE, ENCODED),
    ANSWERING: (PREPARE, ENCODED, REQUEST),
    GIVEN_UP: (PREPARE, NOT_ENCODED),
    CLOSED: (CLOSE,),
}
"""By which events each state is reached."""


class LateJob:
    finished = Signal()

    def __init__(self, title, steps, done, failed):
        self.title = title
        self.steps = steps
        self.done = done
        self.failed = failed
        self.cancelled = False


class LateJobs:
    """Jobs of one key that end when `end` is called."""

    def __init__(self):
        self.running = []

    def start(self, title, steps, *, done, failed, key):
        self.cancel(key)
        self.running.append(LateJob(title, steps, done, failed))
        return self.running[-1]

    def cancel(self, _key):
        for job in self.running:
            job.cancelled = True

    def end(self, error=None):
        """Let the oldest worker do its work, or fail, and end."""
        job = self.running.pop(0)
        if not job.cancelled:
            if error is not None:
                job.failed(error)
            else:
                try:
                    job.done(to_end(job.steps()))
                except CliptraseError as refused:
                    job.failed(refused)
        job.finished.emit()


def to_end(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


class WritingSam:
    def __init__(self, _embedder, image):
        self.image = image
        self.events = []

    def clear(self):
        self.events.append("clear")

    def focus(self, rows, columns):
        self.events.append(("focus", rows, columns))

    def embed_steps(self, row, column):
        yield Progress(0, 1, "Encoding")
        self.events.append(("encode", row, column))


class Asked:
    """A queue, and what it told."""

    def __init__(self, monkeypatch):
        self.sams, self.noted, self.reported = [], [], []
        self.jobs = LateJobs()

        def made(embedder, image):
            self.sams.append(WritingSam(embedder, image))
            return self.sams[-1]

        def embedder_steps(_model):
            yield Progress(0, 0, "Loading")
            return "embedder"

        monkeypatch.setattr(interactive, "SamSession", made)
        runner = SimpleNamespace(
            embedder_steps=embedder_steps, note_window_encoded=lambda *what: self.noted.append(what)
        )
        source = SimpleNamespace(
            target=SimpleNamespace(shape=(40, 60)), rgb=lambda: np.zeros((40, 60, 3), np.uint8), key="photo"
        )
        self.queue = SamRequestQueue(self.jobs, runner, source, "demo")
        self.queue.ready.connect(lambda: self.reported.append("ready"))
        self.queue.answered.connect(lambda answer: self.reported.append(("answered", answer)))
        self.queue.failed.connect(lambda error, mark: self.reported.append(("failed", str(error), mark)))
        self.queue.given_up.connect(lambda: self.reported.append("given up"))
        self.queue.busy.connect(lambda job: self.reported.append("idle" if job is None else job.title))

    def advance(self, event):
        """Let an event happen as it does with workers."""
        if event is PREPARE:
            self.queue.prepare()
        elif event is REQUEST:
            self.queue.ask(lambda sam: sam.image.shape)
        elif event is CLOSE:
            self.queue.close()
        elif event is NOT_ENCODED:
            self.jobs.end(CliptraseError("The weights are damaged."))
        else:
            self.jobs.end()

    def prepared(self):
        self.queue.prepare()
        self.jobs.end()
        self.reported.clear()
        return self.queue


@pytest.fixture
def asked(monkeypatch):
    return Asked(monkeypatch)


def test_every_state_is_reached():
    assert {*QUEUE_TRANSITIONS.values(), NEW} == set(QueueState)
    for state, way in WAY_TO.items():
        at = NEW
        for event in way:
            at = QUEUE_TRANSITIONS[at, event]
        assert at is state


@pytest.mark.parametrize(("state", "event"), list(QUEUE_TRANSITIONS))
def test_each_transition_happens(asked, state, event):
    for step in WAY_TO[state]:
        asked.advance(step)
    assert asked.queue.state is state
    asked.advance(event)
    assert asked.queue.state is QUEUE_TRANSITIONS[state, event]


def test_a_queue_that_is_closed_cannot_be_prepared_again(asked):
    asked.queue.close()
    with pytest.raises(KeyError):
        asked.queue.prepare()
    assert asked.queue.state is CLOSED
    assert asked.jobs.running == []


def test_a_queue_that_is_closed_drops_what_it_is_asked(asked):
    queue, done = asked.prepared(), []
    queue.close()
    queue.ask(lambda _sam: "answer")
    queue.then(lambda: done.append("action"))
    assert (queue.idle, done, asked.jobs.running) == (True, [], [])


@pytest.mark.parametrize("state", [NEW, PREPARING, ANSWERING, GIVEN_UP])
def test_a_request_waits_where_it_cannot_be_answered(asked, state):
    for step in WAY_TO[state]:
        asked.advance(step)
    asked.queue.ask(lambda _sam: "answer")
    assert asked.queue.state is state
    assert not asked.queue.idle


def test_the_whole_image_is_encoded_once_and_noted(asked):
    asked.queue.prepare()
    assert asked.reported == ["Prepare SAM"]
    asked.jobs.end()
    (sam,) = asked.sams
    assert sam.events == ["clear", ("focus", slice(0, 40), slice(0, 60)), ("encode", 20.0, 30.0)]
    assert asked.noted == [("demo", "photo", (40, 60))]
    assert asked.reported == ["Prepare SAM", "ready", "idle"]
    assert asked.queue.idle


def test_a_part_is_encoded_with_the_same_session_and_not_noted_as_the_whole(asked):
    queue = asked.prepared()
    asked.noted.clear()
    queue.prepare((slice(10, 20), slice(30, 50)))
    asked.jobs.end()
    (sam,) = asked.sams
    assert sam.events[-2:] == [("focus", slice(10, 20), slice(30, 50)), ("encode", 15.0, 40.0)]
    assert asked.noted == []


def test_a_session_that_a_worker_may_still_use_is_not_used_again(asked):
    queue = asked.prepared()
    queue.ask(lambda _sam: "answer")
    queue.prepare()
    asked.jobs.end()  # the worker of the request, which was replaced
    assert queue.state is PREPARING
    asked.jobs.end()
    assert len(asked.sams) == 2
    assert ("answered", "answer") not in asked.reported


def test_requests_are_answered_one_after_the_other_in_their_order(asked):
    asked.queue.prepare()
    for name in ("first", "second", "third"):
        asked.queue.ask(lambda _sam, name=name: name)
    asked.jobs.end()
    while asked.jobs.running:
        assert len(asked.jobs.running) == 1
        asked.jobs.end()
    assert [event[1] for event in asked.reported if event[0] == "answered"] == ["first", "second", "third"]
    assert asked.queue.idle


def test_a_request_can_be_made_the_next_one(asked):
    queue = asked.prepared()
    for name in ("first", "second"):
        queue.ask(lambda _sam, name=name: name)
    queue.ask(lambda _sam: "urgent", first=True)
    while asked.jobs.running:
        asked.jobs.end()
    assert [event[1] for event in asked.reported if event[0] == "answered"] == ["first", "urgent", "second"]


def test_an_action_comes_after_the_requests_before_it_and_at_once_when_there_are_none(asked):
    queue, done = asked.prepared(), []
    queue.then(lambda: done.append("at once"))
    assert done == ["at once"]
    queue.ask(lambda _sam: "answer")
    queue.then(lambda: done.append("later"))
    queue.ask(lambda _sam: "another answer")
    assert done == ["at once"]
    asked.jobs.end()
    assert done == ["at once", "later"]
    assert queue.state is ANSWERING


def test_a_request_that_is_refused_is_reported_with_its_mark_and_the_next_one_is_answered(asked):
    queue = asked.prepared()

    def refused(_sam):
        raise CliptraseError("Click into the object first.")

    queue.ask(refused, "mark")
    queue.ask(lambda _sam: "answer")
    asked.jobs.end()
    asked.jobs.end()
    assert ("failed", "Click into the object first.", "mark") in asked.reported
    assert asked.reported[-2:] == [("answered", "answer"), "idle"]


def test_without_an_encoding_the_reason_is_reported_and_then_that_it_is_given_up(asked):
    asked.queue.prepare()
    asked.jobs.end(CliptraseError("The weights are damaged."))
    assert asked.reported[1:] == [("failed", "The weights are damaged.", None), "idle", "given up"]


def test_cancelled_while_it_encodes_it_gives_up(asked):
    """Unloading the models cancels all jobs."""
    asked.queue.prepare()
    asked.jobs.cancel("any")
    asked.jobs.end()
    assert asked.reported[-1] == "given up"


def test_cancelled_while_it_answers_it_goes_on_with_the_next_request(asked):
    queue = asked.prepared()
    queue.ask(lambda _sam: "first")
    queue.ask(lambda _sam: "second")
    asked.jobs.cancel("any")
    asked.jobs.end()
    asked.jobs.end()
    assert [event for event in asked.reported if event[0] == "answered"] == [("answered", "second")]


def test_forgotten_requests_are_not_answered(asked):
    queue = asked.prepared()
    queue.ask(lambda _sam: "first")
    queue.ask(lambda _sam: "second")
    queue.forget()
    asked.jobs.end()
    assert [event for event in asked.reported if event[0] == "answered"] == [("answered", "first")]
    assert queue.idle


@pytest.mark.parametrize("state", [PREPARING, ANSWERING])
def test_once_closed_nothing_more_is_reported(asked, state):
    for step in WAY_TO[state]:
        asked.advance(step)
    job = asked.jobs.running[0]
    asked.queue.ask(lambda _sam: "answer")
    asked.queue.close()
    assert asked.queue.idle
    asked.reported.clear()
    job.cancelled = False  # its result comes all the same
    asked.jobs.end()
    assert asked.reported == []
    assert asked.jobs.running == []


# -- in the tool


def test_clicks_made_while_the_image_is_encoded_are_not_lost(drawing):
    drawing.tool.start("demo")
    drawing.tool.click(10, 20)
    drawing.tool.click(10, 27)
    drawing.settle()
    drawing.press("Enter")
    assert drawing.labels()[10, 17] == drawing.labels()[10, 30] == 2


def test_enter_right_after_a_click_accepts_the_mask_with_that_click(drawing):
    drawing.start()
    drawing.click(10, 20)
    drawing.tool.click(30, 50)
    drawing.tool.accept()
    assert "Still drawing" in drawing.messages[-1]
    assert not drawing.labels().any()
    drawing.settle()
    np.testing.assert_array_equal(drawing.labels(), np.maximum(drawing.square(10, 20), drawing.square(30, 50)))
    assert drawing.layer("SAM clicks") is None


def test_clicks_after_enter_start_another_mask_and_the_class_is_the_one_of_enter(drawing):
    drawing.tool.start("demo")
    drawing.tool.click(10, 20)
    drawing.tool.accept()
    drawing.tool.click(30, 50)
    drawing.session.active_class = 1
    drawing.settle()
    np.testing.assert_array_equal(drawing.labels(), drawing.square(10, 20))
    np.testing.assert_array_equal(drawing.layer("SAM clicks").data[:, -2:], [[30, 50]])
    drawing.press("Enter")
    np.testing.assert_array_equal(drawing.labels(), np.maximum(drawing.square(10, 20), drawing.square(30, 50, 1)))


def test_an_impossible_click_takes_no_other_with_it(drawing):
    drawing.tool.start("demo")
    drawing.tool.click(30, 50, False)
    drawing.tool.click(10, 20)
    drawing.tool.click(10, 27)
    drawing.settle()
    np.testing.assert_array_equal(drawing.layer("SAM clicks").data[:, -2:], [[10, 20], [10, 27]])
    assert "Click into the object first. Quality" in drawing.messages[-1]
    drawing.press("Enter")
    assert drawing.labels()[10, 17] == drawing.labels()[10, 30] == 2
    drawing.click(10, 20)
    assert "Click into" not in drawing.messages[-1]
