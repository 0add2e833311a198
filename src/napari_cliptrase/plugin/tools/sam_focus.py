"""Whether clicks and keys are those of the interactive SAM: while its layer is the selected one.

Selecting another layer pauses the tool. The class table also selects layers: that of the class that became active, and
after each write. The user does not leave the tool by that, so its layer is selected again. Which of the two it was
is known a moment later, when all listeners have handled the change.
"""

from enum import Enum, auto
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image
from psygnal import Signal
from qtpy.QtCore import QTimer


class FocusState(Enum):
    """Whose clicks they are."""

    OFF = auto()
    """The tool is closed."""
    LISTENING = auto()
    """The tool's."""
    LEAVING = auto()
    """Another layer was selected; the tool pauses, unless it was the class table that selected it."""
    RETURNING = auto()
    """The class table selects a layer about now; then the tool's is selected again."""
    PAUSED = auto()
    """The user selected another layer: its clicks and keys are napari's."""


class FocusEvent(Enum):
    """What can happen to the selection."""

    START = auto()
    OWN_SELECTED = auto()
    OTHER_SELECTED = auto()
    CLASS_SHOWN = auto()
    """The class table selects the layer of a class, or has just done so."""
    SETTLED = auto()
    """A moment after one of these changes."""
    STOP = auto()


FOCUS_TRANSITIONS = {
    (FocusState.OFF, FocusEvent.START): FocusState.LISTENING,
    (FocusState.OFF, FocusEvent.SETTLED): FocusState.OFF,  # of a change before the tool was closed
    (FocusState.LISTENING, FocusEvent.OWN_SELECTED): FocusState.LISTENING,
    (FocusState.LISTENING, FocusEvent.OTHER_SELECTED): FocusState.LEAVING,
    (FocusState.LISTENING, FocusEvent.CLASS_SHOWN): FocusState.RETURNING,
    (FocusState.LISTENING, FocusEvent.SETTLED): FocusState.LISTENING,
    (FocusState.LISTENING, FocusEvent.STOP): FocusState.OFF,
    (FocusState.LEAVING, FocusEvent.OWN_SELECTED): FocusState.LISTENING,
    (FocusState.LEAVING, FocusEvent.OTHER_SELECTED): FocusState.LEAVING,
    (FocusState.LEAVING, FocusEvent.CLASS_SHOWN): FocusState.RETURNING,
    (FocusState.LEAVING, FocusEvent.SETTLED): FocusState.PAUSED,
    (FocusState.LEAVING, FocusEvent.STOP): FocusState.OFF,
    (FocusState.RETURNING, FocusEvent.OWN_SELECTED): FocusState.RETURNING,
    (FocusState.RETURNING, FocusEvent.OTHER_SELECTED): FocusState.RETURNING,
    (FocusState.RETURNING, FocusEvent.CLASS_SHOWN): FocusState.RETURNING,
    (FocusState.RETURNING, FocusEvent.SETTLED): FocusState.LISTENING,
    (FocusState.RETURNING, FocusEvent.STOP): FocusState.OFF,
    (FocusState.PAUSED, FocusEvent.OWN_SELECTED): FocusState.LISTENING,
    (FocusState.PAUSED, FocusEvent.OTHER_SELECTED): FocusState.PAUSED,
    (FocusState.PAUSED, FocusEvent.CLASS_SHOWN): FocusState.PAUSED,
    (FocusState.PAUSED, FocusEvent.SETTLED): FocusState.PAUSED,
    (FocusState.PAUSED, FocusEvent.STOP): FocusState.OFF,
}
"""What is not listed is a programming error: a tool that is off hears nothing, one that is on does not start."""


class SamFocus:
    """Follows the selected layer. Signals: ``resumed()`` when the tool's layer was selected, ``paused()``."""

    resumed = Signal()
    paused = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        self.state = FocusState.OFF
        self._viewer = viewer
        self._layer: Image | None = None
        self._checks = 0

    @property
    def on(self) -> bool:
        """Whether the tool is open, paused or not."""
        return self.state is not FocusState.OFF

    @property
    def listening(self) -> bool:
        """Whether clicks on the canvas are the tool's at this moment."""
        return self.on and self._viewer.layers.selection.active == self._layer

    @property
    def settled(self) -> bool:
        """Whether every change of the selection has had its effect."""
        return self._checks == 0

    def start(self, layer: Image) -> None:
        """Select the tool's layer and listen from now on."""
        self._happen(FocusEvent.START)
        self._layer = layer
        self._viewer.layers.selection.events.active.connect(self._on_selected)
        self._viewer.layers.selection.active = layer

    def stop(self) -> None:
        """Stop listening."""
        self._happen(FocusEvent.STOP)
        self._viewer.layers.selection.events.active.disconnect(self._on_selected)
        self._layer = None

    def class_shown(self) -> None:
        """Stay in the tool although the class table selects the layer of a class about now."""
        self._happen(FocusEvent.CLASS_SHOWN)
        self._check_later()

    def _happen(self, event: FocusEvent) -> None:
        self.state = FOCUS_TRANSITIONS[self.state, event]

    def _on_selected(self, _event: Any = None) -> None:
        if self.listening:
            self._happen(FocusEvent.OWN_SELECTED)
            self.resumed.emit()
        else:
            self._happen(FocusEvent.OTHER_SELECTED)
            self._check_later()

    def _check_later(self) -> None:
        self._checks += 1
        QTimer.singleShot(0, self._check)

    def _check(self) -> None:
        self._checks -= 1
        self._happen(FocusEvent.SETTLED)
        if self.state is FocusState.PAUSED:
            self.paused.emit()
        elif self.state is FocusState.LISTENING and not self.listening:
            self._viewer.layers.selection.active = self._layer
