"""The part of the dock that turns clicks into masks."""

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.jobs import Job
from napari_cliptrase.plugin.tools.sam_tool import SamTool
from napari_cliptrase.plugin.widgets.refine.sam_picker import SamPicker
from napari_cliptrase.plugin.widgets.sections import Note, in_row
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.progress import Progress

SAM_HINT = (
    "Click on an object, Ctrl-click on what is not part of it, or drag a box. Enter gives the mask to the class that "
    "is selected in “Segment by text”, Esc drops it."
)


class SamPanel(QWidget):
    """Switches the tool on and off and shows its messages."""

    def __init__(self, tool: SamTool, picker: SamPicker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tool = tool
        self._picker = picker
        self.button = QPushButton("Draw with clicks")
        self.button.setCheckable(True)
        self.button.setToolTip("Start or end drawing masks with SAM. The image is encoded once; then clicks are quick.")
        self.closer = QPushButton("Look closer")
        self.closer.setToolTip(
            "Encode only what the window shows now: boundaries of small things get finer. "
            "With the whole image in view this goes back to the whole image."
        )
        self.accept = QPushButton("Accept")
        self.accept.setToolTip("Give the mask to the selected class (Enter).")
        self.drop = QPushButton("Drop")
        self.drop.setToolTip("Drop the mask and its clicks (Esc).")
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setToolTip("SAM is at work.")
        self.message = Note(SAM_HINT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(in_row(self.button, self.closer))
        layout.addLayout(in_row(self.accept, self.drop))
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
        self.button.toggled.connect(self._switch)
        self.closer.clicked.connect(tool.look_closer)
        self.accept.clicked.connect(tool.accept)
        self.drop.clicked.connect(tool.drop)
        picker.chosen.connect(self._on_model)
        connect_weakly(tool.toggled, self._show_on)
        connect_weakly(tool.message, self._show_message)
        connect_weakly(tool.busy, self._show_busy)
        self._show_on(False)
        self._show_busy(None)

    def _switch(self, on: bool) -> None:
        if on is self._tool.on:
            return
        if not on:
            self._tool.stop()
            return
        try:
            self._tool.start(self._picker.name)
        except CliptraseError as error:
            self._show_on(False)
            self.message.show_text(str(error))

    def _on_model(self) -> None:
        if self._tool.on:
            self._tool.start(self._picker.name)

    def _show_on(self, on: bool) -> None:
        with QSignalBlocker(self.button):
            self.button.setChecked(on)
        for button in (self.closer, self.accept, self.drop):
            button.setEnabled(on)

    def _show_message(self, text: str) -> None:
        self.message.show_text(text or SAM_HINT)

    def _show_busy(self, job: Job | None) -> None:
        self.bar.setVisible(job is not None)
        if job is not None:
            self.bar.setRange(0, 0)
            job.progressed.connect(self._show_progress)
        else:
            self._picker.refresh()

    def _show_progress(self, progress: Progress) -> None:
        if progress.total > 1:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
        if progress.text != "Drawing the mask":
            self.message.show_text(f"{progress.text} …")
