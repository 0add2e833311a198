import numpy as np
import pytest
from napari.layers import Image, Labels
from napari.settings import get_settings

from napari_cliptrase.plugin.tools.keys import ACTIONS, ANNOTATE
from napari_cliptrase.project.image_record import State

A, B, C = (f"image{number:04d}.png" for number in range(3))


def press(annotator, key):
    """What napari does with a key while its canvas has the focus: layers come before the viewer."""
    from napari.utils.key_bindings import coerce_keybinding

    keymap = {coerce_keybinding(bound): action for bound, action in annotator.viewer.keymap.items()}
    keymap[coerce_keybinding(key)](annotator.viewer)


def test_keys_go_on_and_back(annotator):
    press(annotator, "D")
    annotator.wait(lambda: annotator.state.shown == B)
    annotator.settle()
    press(annotator, "A")
    annotator.wait(lambda: annotator.state.shown == A)


def test_done_empty_and_review_keys(annotator):
    press(annotator, "W")
    annotator.wait(lambda: annotator.state.shown == B)
    annotator.settle()
    press(annotator, "Shift-W")
    annotator.wait(lambda: annotator.state.shown == C)
    annotator.settle()
    assert [record.state for record in annotator.state.project] == [State.DONE, State.EMPTY, State.NEW]
    annotator.state.reviewing = True
    annotator.go(A)
    press(annotator, "W")
    annotator.settle()
    annotator.go(B)
    press(annotator, "R")
    annotator.settle()
    assert [record.state for record in annotator.state.project] == [State.REVIEWED, State.IN_PROGRESS, State.NEW]


def test_the_flag_key_flags_and_unflags(annotator):
    press(annotator, "G")
    annotator.settle()
    assert annotator.state.record(A).flag == ""
    press(annotator, "G")
    annotator.settle()
    assert annotator.state.record(A).flag is None


def test_closing_the_folder_gives_the_keys_back(annotator):
    before = dict(annotator.viewer.keymap)
    annotator.work.close()
    assert len(annotator.viewer.keymap) <= len(before) - 7


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.where == ANNOTATE], ids=lambda a: a.keys)
def test_no_key_of_napari_for_viewer_labels_or_images_is_taken(action):
    from app_model.types import KeyBinding

    key = KeyBinding.from_str(action.binding.replace("-", "+"))
    own = ("points", "shapes", "vertex", "select", "vectors", "tracks", "surface", "drawing", "direct_mode")
    taken = {
        name: bindings
        for name, bindings in get_settings().shortcuts.shortcuts.items()
        if key in bindings and not any(word in name for word in own) and "rectangle" not in name
    }
    assert taken == {}
    for layer in (Labels(np.zeros((2, 2), int)), Image(np.zeros((2, 2)))):
        assert key not in {*layer.keymap, *type(layer).class_keymap}
