"""Before a window closes, what was drawn is saved; when it has closed, the folder is released. Nothing is asked."""

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QApplication, QWidget

from napari_cliptrase.plugin.run.folder_work import FolderWork

PATIENCE = 5.0
"""Seconds that closing waits for a disk at most; the rest is tried again while the program lives."""
_NAME = "cliptrase-save-when-closed"


class _Closing(QObject):
    def __init__(self, window: QWidget, folder: FolderWork) -> None:
        super().__init__(window)
        self.setObjectName(_NAME)
        self._window = window
        self._folder = folder
        window.installEventFilter(self)
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._quit)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: the window is asked to close; others may still refuse that."""
        if watched is self._window and event.type() == QEvent.Type.Close:
            self._folder.saver.flush(PATIENCE)
            QTimer.singleShot(0, self._look)
        return False

    def _quit(self) -> None:
        self._folder.stop()

    def _look(self) -> None:
        try:
            closed = not self._window.isVisible()
        except RuntimeError:  # Qt has deleted it
            closed = True
        if closed:
            self._folder.close()


def save_when_closed(window: QWidget, folder: FolderWork) -> None:
    """Save and close a folder when a window closes; once for each window."""
    if window.findChild(QObject, _NAME) is None:
        _Closing(window, folder)
