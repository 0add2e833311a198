from types import SimpleNamespace

import pytest

from napari_cliptrase.plugin.tools.click_or_drag import follow_press


def press(*positions: tuple[int, int]) -> bool:
    """Press at the first position, move over the others and release at the last, as napari does."""
    event = SimpleNamespace(type="mouse_press", pos=positions[0])
    following = follow_press(event)
    next(following)
    for position in positions[1:]:
        event.type, event.pos = "mouse_move", position
        next(following)
    event.type = "mouse_release"
    with pytest.raises(StopIteration) as end:
        next(following)
    return bool(end.value.value)


def test_a_press_that_stays_in_place_is_a_click():
    assert press((10, 10))
    assert press((10, 10), (13, 8), (11, 10))


def test_a_press_that_moves_is_a_drag_even_when_it_comes_back():
    assert not press((10, 10), (14, 10))
    assert not press((10, 10), (10, 30), (10, 10))
