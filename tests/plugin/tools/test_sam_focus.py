from itertools import product

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import KeymapHandler, coerce_keybinding
from napari.utils.shortcuts import default_shortcuts as DEFAULT_SHORTCUTS

from napari_cliptrase.plugin.tools.sam_focus import FOCUS_TRANSITIONS, FocusEvent, FocusState, SamFocus

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
        self.output = []
        self.focus.resumed.connect(lambda: self.output.append("resumed"))
        self.focus.paused.connect(lambda: self.output.append("paused"))

    def select(self, layer):
        self.viewer.layers.selection.active = layer

    def settle(self):
        self.qtbot.waitUntil(lambda: self.focus.settled)

    def advance(self, event):
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
    assert {state for state, _ in FOCUS_TRANSITIONS} == set(FocusState)
    assert set(FOCUS_TRANSITIONS.values()) == set(FocusState)
    for state, way in WAY_TO.items():
        at = OFF
        for event in way:
            at = FOCUS_TRANSITIONS[at, event]
        assert at is state


@pytest.mark.parametrize(
    ("state", "event"), [pair for pair in product(FocusState, FocusEvent) if pair in FOCUS_TRANSITIONS]
)
def test_each_transition_happens_in_a_viewer(viewed, state, event):
    for step in WAY_TO[state]:
        viewed.advance(step)
    assert viewed.focus.state is state
    viewed.advance(event)
    assert viewed.focus.state is FOCUS_TRANSITIONS[state, event]


@pytest.mark.parametrize(
    ("state", "event"),
    [(OFF, STOP), (OFF, CLASS_SHOWN), (LISTENING, START), (LEAVING, START), (RETURNING, START), (PAUSED, START)],
)
def test_what_is_not_in_the_table_is_refused_and_changes_nothing(viewed, state, event):
    for step in WAY_TO[state]:
        viewed.advance(step)
    selected = viewed.selected
    with pytest.raises(KeyError):
        viewed.advance(event)
    assert (viewed.focus.state, viewed.selected) == (state, selected)


def test_a_tool_that_is_off_hears_of_no_selection(viewed):
    for way in ((), (START, STOP)):
        for event in (*way, OTHER, OWN):
            viewed.advance(event)
        assert viewed.focus.state is OFF
    assert "paused" not in viewed.output


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
        viewed.advance(event)
    assert viewed.focus.listening is listening
    assert (viewed.selected == viewed.own) is listening
    assert viewed.output[-1] == last_words


def test_on_tells_whether_the_tool_is_open_paused_or_not(viewed):
    assert not viewed.focus.on
    for event in (START, OTHER, SETTLED):
        viewed.advance(event)
        assert viewed.focus.on
    viewed.advance(STOP)
    assert not viewed.focus.on


# -- in the tool


def test_another_selected_layer_pauses_the_tool(drawing):
    drawing.start()
    drawing.viewer.layers.selection.active = drawing.image
    drawing.settle()
    assert "Paused" in drawing.messages[-1]
    drawing.click(10, 20)
    assert not drawing.sams[0].steps
    drawing.viewer.layers.selection.active = drawing.layer()
    drawing.click(10, 20)
    assert drawing.sams[0].steps


def test_selecting_the_layer_of_another_class_pauses_and_makes_it_active(drawing):
    labels = np.ones(drawing.shape, np.uint8)
    labels[:, 30:] = 2
    drawing.write(labels)
    drawing.workbench.selection.show()
    drawing.start()
    layer = drawing.workbench.layers.class_layers(drawing.image)[1]
    drawing.viewer.layers.selection.active = layer
    drawing.settle()
    assert drawing.session.active_class == 1
    assert drawing.viewer.layers.selection.active == layer
    assert "Paused" in drawing.messages[-1]
    assert drawing.tool.on


def test_choosing_another_class_stays_in_the_tool(drawing):
    drawing.write(np.ones(drawing.shape, np.uint8))
    drawing.start()
    drawing.click(10, 20)
    drawing.session.active_class = 1
    cat = drawing.workbench.layers.class_layers(drawing.image)[1]
    drawing.viewer.layers.selection.active = cat  # as the class table does
    drawing.settle()
    assert drawing.viewer.layers.selection.active == drawing.layer()
    color = drawing.session.prompts.table().get(1).color
    assert tuple(drawing.layer().data[3, 3, :3]) == color


def test_a_layer_that_is_selected_because_it_was_written_does_not_end_the_tool(drawing):
    drawing.workbench.layers.written.connect(lambda _run: drawing.workbench.selection.show())
    drawing.start()
    drawing.click(10, 20)
    drawing.press("Enter")
    assert "Paused" not in drawing.messages[-1]
    drawing.click(30, 50)
    drawing.press("Enter")
    np.testing.assert_array_equal(drawing.labels(), np.maximum(drawing.square(10, 20), drawing.square(30, 50)))


def test_napari_keys_of_other_layers_stay_theirs(drawing):
    labels = drawing.viewer.add_labels(np.zeros(drawing.shape, int))
    before = dict(labels.keymap), dict(drawing.viewer.keymap), dict(type(drawing.image).class_keymap)
    drawing.start()
    assert (dict(labels.keymap), dict(drawing.viewer.keymap), dict(type(drawing.image).class_keymap)) == before
    assert not drawing.image.keymap


def test_a_labels_layer_keeps_its_own_enter_and_escape_while_the_tool_is_on(drawing):
    for action in ("napari:complete_polygon", "napari:reset_polygon"):
        for shortcut in DEFAULT_SHORTCUTS[action]:
            action_manager.bind_shortcut(action, shortcut)
    labels = drawing.viewer.add_labels(np.zeros(drawing.shape, np.uint8), name="mine")
    keys = KeymapHandler()
    keys.keymap_providers = [labels, drawing.viewer]
    wanted = [coerce_keybinding(key) for key in ("Enter", "Escape")]
    before = [keys.active_keymap[key] for key in wanted]
    drawing.start()
    drawing.click(20, 20)
    drawing.viewer.layers.selection.active = labels
    drawing.settle()
    assert drawing.tool.on
    assert [keys.active_keymap[key] for key in wanted] == before
    for key in ("Enter", "Escape"):
        keys.press_key(key)
    drawing.settle()
    assert drawing.sams[-1].preview is not None  # neither key was the tool's
    assert not drawing.workbench.layers.class_layers(drawing.image)
