"""Whether a press of a mouse button on the canvas is a click or a drag."""

from collections.abc import Generator
from typing import Any, Final

import numpy as np

CLICK_SLACK: Final = 3
"""Screen pixels that the mouse may move between press and release of a click."""


def follow_press(event: Any) -> Generator[None, None, bool]:
    """Follow a press of a mouse button as napari's mouse callbacks do; return whether it was a click, not a drag.

    Yields at the press and at each move; napari changes ``event`` in between.
    """
    pressed, still = np.asarray(event.pos), True
    yield
    while event.type == "mouse_move":
        still = still and within_slack(event, pressed)
        yield
    return still


def within_slack(event: Any, pressed: Any) -> bool:
    """Whether the mouse is still about where it was pressed: (x, y) on the screen."""
    return bool(np.abs(np.asarray(event.pos) - pressed).max() <= CLICK_SLACK)
