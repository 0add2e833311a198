from itertools import product

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.tools.sam_focus import TRANSITIONS, FocusEvent, FocusState, SamFocus

OFF, LISTENING, LEAVING, RETURNING, PAUSED = FocusState
START, OWN, OTHER, CLASS_SHOWN, SETTLED, STOP = FocusEvent
WAY_TO = {
    OFF: (),
    LISTENING: (START,),
    LEAVING: (START, OTHER),
    RETURNING: (START, CLASS_SHOWN),
    PAUSED: (START, OTHER, SETTLED),
}
"""By which events each state is reached."""


class Viewed:
    """A viewer with the tool's layer and two others, and what was said."""

    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.own, self.photo, self.labels = (
            self.viewer.add_image(np.zeros((4, 4)), name=name) for name in ("SAM", "photo", "labels")
        )
        self.focus = SamFocus(self.viewer)
        self.said = []
        self.focus.resumed.connect(lambda: self.said.append("resumed"))
        self.focus.paused.connect(lambda: self.said.append("paused"))

    def select(self, layer):
        self.viewer.layers.selection.active = layer

    def settle(self):
        self.qtbot.waitUntil(lambda: self.focus.settled)

    def happen(self, event):
        """Let an event happen as it does in a viewer."""
        if event is START:
            self.focus.start(self.own)
        elif event is OWN:
            if self.selected == self.own:  # while it returns: the class table selects twice
                self.select(self.labels)
            self.select(self.own)
        elif event is OTHER:
            self.select(self.labels if self.selected != self.labels else self.photo)
        elif event is CLASS_SHOWN:
            self.focus.class_shown()
        elif event is SETTLED:
            self.settle()
        else:
            self.focus.stop()

    @property
    def selected(self):
        return self.viewer.layers.selection.active


@pytest.fixture
def viewed(qtbot):
    viewed = Viewed(qtbot)
    yield viewed
    viewed.settle()


def test_every_state_is_reached_and_left():
    assert {state for state, _ in TRANSITIONS} == set(FocusState)
    assert set(TRANSITIONS.values()) == set(FocusState)
    for state, way in WAY_TO.items():
        at = OFF
        for event in way:
            at = TRANSITIONS[at, event]
        assert at is state


@pytest.mark.parametrize(("state", "event"), [pair for pair in product(FocusState, FocusEvent) if pair in TRANSITIONS])
def test_each_transition_happens_in_a_viewer(viewed, state, event):
    for step in WAY_TO[state]:
        viewed.happen(step)
    assert viewed.focus.state is state
    viewed.happen(event)
    assert viewed.focus.state is TRANSITIONS[state, event]


@pytest.mark.parametrize(
    ("state", "event"),
    [(OFF, STOP), (OFF, CLASS_SHOWN), (LISTENING, START), (LEAVING, START), (RETURNING, START), (PAUSED, START)],
)
def test_what_is_not_in_the_table_is_refused_and_changes_nothing(viewed, state, event):
    for step in WAY_TO[state]:
        viewed.happen(step)
    selected = viewed.selected
    with pytest.raises(KeyError):
        viewed.happen(event)
    assert (viewed.focus.state, viewed.selected) == (state, selected)


def test_a_tool_that_is_off_hears_of_no_selection(viewed):
    for way in ((), (START, STOP)):
        for event in (*way, OTHER, OWN):
            viewed.happen(event)
        assert viewed.focus.state is OFF
    assert "paused" not in viewed.said


@pytest.mark.parametrize(
    ("events", "listening", "last_words"),
    [
        ((START,), True, "resumed"),
        ((START, OTHER, SETTLED), False, "paused"),
        ((START, OTHER, SETTLED, OTHER, SETTLED), False, "paused"),
        ((START, OTHER, SETTLED, OWN, SETTLED), True, "resumed"),
        ((START, OTHER, CLASS_SHOWN, SETTLED), True, "resumed"),
        ((START, CLASS_SHOWN, OTHER, SETTLED), True, "resumed"),
        ((START, CLASS_SHOWN, SETTLED, OTHER, SETTLED), False, "paused"),
        ((START, OTHER, SETTLED, CLASS_SHOWN, OTHER, SETTLED), False, "paused"),
        ((START, OTHER, STOP, SETTLED), False, "resumed"),
        ((START, CLASS_SHOWN, OTHER, STOP, SETTLED), False, "resumed"),
        ((START, OTHER, STOP, START, SETTLED), True, "resumed"),
    ],
)
def test_whose_clicks_they_are_in_the_end(viewed, events, listening, last_words):
    for event in events:
        viewed.happen(event)
    assert viewed.focus.listening is listening
    assert (viewed.selected == viewed.own) is listening
    assert viewed.said[-1] == last_words


def test_on_tells_whether_the_tool_is_open_paused_or_not(viewed):
    assert not viewed.focus.on
    for event in (START, OTHER, SETTLED):
        viewed.happen(event)
        assert viewed.focus.on
    viewed.happen(STOP)
    assert not viewed.focus.on
