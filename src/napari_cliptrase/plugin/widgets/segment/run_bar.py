"""Run, Cancel, the progress, and the reason why a run is not possible."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget
from superqt.utils import QSignalThrottler

from napari_cliptrase.plugin.widgets.sections import Note
from napari_cliptrase.progress import Progress

SHOWN_EVERY = 200
"""Milliseconds between two reports of progress: the whole window is put together anew for each of them."""


class RunBar(QWidget):
    """Signals: ``run_requested``, ``cancel_requested``, ``undo_requested``."""

    run_requested = Signal()
    cancel_requested = Signal()
    undo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run = QPushButton("Run")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip(
            "Stop at the next step. Planes of a stack, and parts of a large image, stay when they are done."
        )
        self.undo = QPushButton("Undo last run")
        self.undo.setToolTip("Undo the last run in all its layers; what you painted since then stays.")
        self.live = QCheckBox("Live")
        self.live.setToolTip(
            "Show the effect of every change of classes, minimum or vote at once; of a stack, on the shown plane only."
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.message = Note()
        self._progress = Progress(0, 0, "")
        self._show_soon = QSignalThrottler(parent=self)
        self._show_soon.setTimeout(SHOWN_EVERY)
        self._show_soon.triggered.connect(self._show_latest)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.run, 1)
        row.addWidget(self.cancel, 1)
        row.addWidget(self.undo)
        row.addWidget(self.live)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
        self.run.clicked.connect(self.run_requested)
        self.cancel.clicked.connect(self.cancel_requested)
        self.undo.clicked.connect(self.undo_requested)
        self.set_busy(False)

    def set_reason(self, reason: str, hint: str = "") -> None:
        """Show why *Run* cannot be pressed; an empty text enables it. ``hint`` is the reason to press it."""
        self.run.setEnabled(not reason)
        self.run.setToolTip(reason or "Segment the image into the classes of the table.")
        if not self.bar.isVisibleTo(self):
            self.message.show_text(reason or hint)

    def set_busy(self, busy: bool) -> None:
        """Show *Cancel* in place of *Run* while something runs."""
        self.run.setVisible(not busy)
        self.cancel.setVisible(busy)
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)
        if not busy:
            self._show_soon.cancel()
            self.message.show_text("")

    def show_progress(self, progress: Progress) -> None:
        """Show how far it is, in words and as a bar: at once, or a moment after the last."""
        self._progress = progress
        self._show_soon.throttle()

    def _show_latest(self) -> None:
        progress = self._progress
        known = progress.total > 1
        self.bar.setRange(0, 1000 if known else 0)
        if known:
            self.bar.setValue(round(1000 * min(1.0, progress.done / progress.total)))
        self.message.show_text(progress.text[:1].upper() + progress.text[1:])
