"""What is said when a run was undone."""

from napari.utils import notifications
from qtpy.QtCore import QTimer

from napari_cliptrase.plugin.layers import Run, undone_sentence


def notify_undone(run: Run) -> None:
    """Say that a run was undone, once the window has drawn itself without the layers that went.

    A notification is drawn over the canvas: where a window is drawn in software, both at once can end in a crash.
    """
    sentence = undone_sentence(run)
    QTimer.singleShot(0, lambda: notifications.show_info(sentence))
