"""Connections of widgets to what outlives them."""

import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from qtpy.QtCore import QObject


def tie(widget: QObject, signal: Any, slot: Callable[..., object]) -> None:
    """Connect a signal (psygnal's or napari's) to a method of a widget until Qt deletes the widget.

    Qt deletes a dock with its window while Python may still hold it; a signal that then arrives would meet a shell.
    """
    signal.connect(slot)
    method = weakref.WeakMethod(slot)

    def untie(*_: object) -> None:
        bound = method()
        if bound is not None:
            with suppress(ValueError, KeyError):
                signal.disconnect(bound)

    widget.destroyed.connect(untie)
