from types import SimpleNamespace

import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks


class Mouse:
    """A mouse at pixels (row, column) of an image; ``pos`` is where that is on the screen."""

    def __init__(self, viewer: ViewerModel, image: Image) -> None:
        self._viewer = viewer
        self._image = image

    def event(self, kind, row, column, *, pos=(5, 5), modifiers=(), button=1):
        event = SimpleNamespace(
            type=kind,
            position=tuple(self._image.data_to_world((row, column))),
            pos=pos,
            modifiers=modifiers,
            button=button,
            is_dragging=kind == "mouse_move" and button is not None,
            handled=False,
        )
        return ReadOnlyWrapper(event, exceptions=("handled",))

    def press(self, row, column, **how):
        mouse_press_callbacks(self._viewer, self.event("mouse_press", row, column, **how))

    def move(self, row, column, **how):
        mouse_move_callbacks(self._viewer, self.event("mouse_move", row, column, **how))

    def release(self, row, column, **how):
        mouse_release_callbacks(self._viewer, self.event("mouse_release", row, column, **how))

    def hover(self, row, column):
        self.move(row, column, button=None)

    def click(self, row, column, **how):
        self.press(row, column, **how)
        self.release(row, column, **how)


@pytest.fixture
def mouse_over():
    """Return what makes the mouse of a viewer over an image."""
    return Mouse
