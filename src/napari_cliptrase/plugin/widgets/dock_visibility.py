"""Whether a dock can be seen."""

from qtpy.QtCore import QEvent, QObject, Signal
from qtpy.QtWidgets import QDockWidget, QWidget


class DockVisibility(QObject):
    """Watches a dock's widget; ``changed(visible)`` when it becomes visible or hidden.

    The widget of a dock behind another tab does not know that it is hidden; only its frame knows.
    """

    changed = Signal(bool)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.now = False
        self._widget = widget
        self._frame: QDockWidget | None = None
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: the widget itself is shown or hidden."""
        if watched is self._widget and event.type() == QEvent.Type.Show:
            self._follow_frame()
            self._set(True)
        elif watched is self._widget and event.type() == QEvent.Type.Hide:
            self._set(False)
        return False

    def _follow_frame(self) -> None:
        above = self._widget.parentWidget()
        while above is not None and not isinstance(above, QDockWidget):
            above = above.parentWidget()
        if above is not None and above is not self._frame:
            self._frame = above
            above.visibilityChanged.connect(self._on_frame)

    def _on_frame(self, visible: bool) -> None:
        if self.sender() is self._frame:
            self._set(visible and self._widget.isVisible())

    def _set(self, visible: bool) -> None:
        if visible is not self.now:
            self.now = visible
            self.changed.emit(visible)
