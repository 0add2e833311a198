"""Connections of widgets to objects that live longer."""

import weakref
from collections.abc import Callable
from typing import Any


def connect_weakly(signal: Any, slot: Callable[..., object]) -> None:
    """Connect a signal (psygnal's or napari's) to a method of a widget, for as long as the widget lives.

    Qt deletes a dock with its window while Python may still hold it; a later signal finds an empty shell and is
    ignored. (Disconnecting when Qt says ``destroyed`` would be simpler, but crashes when Python's collector is why.)
    """
    method = weakref.WeakMethod(slot)

    def call(*values: Any) -> None:
        bound = method()
        if bound is None:
            return
        try:
            bound(*values)
        except RuntimeError as error:
            if "deleted" not in str(error):  # the word that PyQt and PySide share
                raise

    signal.connect(call)
