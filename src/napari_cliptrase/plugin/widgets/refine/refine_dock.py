"""The dock "Refine boundaries": sharpen the labels along the image, with a preview before anything is written."""

from collections.abc import Generator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QCheckBox, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget
from superqt.utils import QSignalDebouncer

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.layers.overlay_layer import OverlayLayer
from napari_cliptrase.plugin.layers.placement import place_over
from napari_cliptrase.plugin.run.jobs import Job, Jobs
from napari_cliptrase.plugin.run.refine_target import Labelled, RefineTarget, labelled, table_for, whole_plane
from napari_cliptrase.plugin.run.refine_task import RefineOutcome, RefineRunner, RefineTask
from napari_cliptrase.plugin.run.refine_write import RefinementWriter
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.sam_tool import SamTool
from napari_cliptrase.plugin.widgets.refine.method_texts import cost_text
from napari_cliptrase.plugin.widgets.refine.refine_controls import RefineControls
from napari_cliptrase.plugin.widgets.refine.sam_panel import SamPanel
from napari_cliptrase.plugin.widgets.sections import Note, heading, in_row, scrolling
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.progress import Progress

REFINE_JOB: Final = "refine"
REFINE_PREVIEW_DELAY: Final = 300
"""Milliseconds without a change before the preview is made again."""
CHANGED_ALPHA: Final = 230
NOTHING_YET: Final = "There are no labels to refine yet: run “Segment by text”, or add a Labels layer over an image."


class RefineDock(QWidget):
    """Previews, applies and undoes refinements; `controls` has the choices, `RefineRunner` does the work."""

    def __init__(
        self,
        session: Session,
        label_layers: LabelLayers,
        jobs: Jobs,
        runner: RefineRunner,
        writer: RefinementWriter,
        sam_tool: SamTool,
    ) -> None:
        super().__init__()
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs
        self._runner = runner
        self.sam_tool = sam_tool
        self._picture = OverlayLayer(self._session.viewer, "Refined (preview)", blending="translucent")
        self._shown: RefineOutcome | None = None
        self._job: Job | None = None
        self._writer = writer
        self._preview_soon = QSignalDebouncer(parent=self)
        self._preview_soon.setTimeout(REFINE_PREVIEW_DELAY)
        self._preview_soon.triggered.connect(self._make_preview)
        self._build()
        self._show_busy(False)
        self.controls.changed.connect(self._outdated)
        self.preview.toggled.connect(self._outdated)
        self.apply.clicked.connect(self._apply)
        self.undo.clicked.connect(self._undo)
        self.cancel.clicked.connect(lambda: self._jobs.cancel(REFINE_JOB))
        connect_weakly(label_layers.content_changed, self._outdated)
        connect_weakly(self._session.data_changed, self._outdated)
        connect_weakly(label_layers.written, self._show_undo)
        connect_weakly(label_layers.undone, self._show_undo)
        connect_weakly(self._session.viewer.layers.events.removed, self._show_undo)
        self._outdated()
        self._show_undo()

    def _build(self) -> None:
        self.controls = RefineControls(self._session, self._label_layers)
        self.drawing = SamPanel(self.sam_tool, self.controls.sam)
        self.preview = QCheckBox("Preview")
        self.preview.setToolTip("Show the pixels that would change, in the colour that they would get.")
        self.apply = QPushButton("Apply")
        self.apply.setToolTip("Write the refined labels; hand edits and locked classes stay as they are.")
        self.undo = QPushButton("Undo")
        self.undo.setToolTip("Undo the last refinement in all layers.")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(8)
        self.progress.setToolTip("How far the work is.")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop; nothing has been changed.")
        self.message = Note()
        inner = QWidget()
        self.column = QVBoxLayout(inner)
        self.column.addLayout(in_row(QLabel("SAM model"), self.controls.sam, stretch=1))
        self.column.addWidget(heading("Sharpen boundaries"))
        self.column.addWidget(self.controls)
        self.column.addLayout(in_row(self.preview, self.apply, self.undo, stretch=1))
        self.column.addLayout(in_row(self.progress, self.cancel))
        self.column.addWidget(self.message)
        self.column.addSpacing(8)
        self.column.addWidget(heading("Draw masks with SAM"))
        self.column.addWidget(self.drawing)
        self.column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inner))

    # -- working ------------------------------------------------------------------------------------------------------

    def _task(self, choice: RefineTarget, at: Labelled) -> RefineTask:
        controls = self.controls
        return RefineTask(
            method=controls.method,
            sam=controls.sam.name,
            picture=at.picture,
            picture_key=at.source.key,
            labels=at.labels,
            scores=at.scores,
            limits=controls.limits,
            edited=at.edited,
            locked=frozenset() if choice.layer is not None else self._session.locked,
            options=controls.options,
            provenance=at.provenance,
        )

    def _start(self, title: str, *, write: bool) -> None:
        """Refine in a worker, then show or write the outcome."""
        choice = self.controls.choice
        if choice is None:
            return
        try:
            at = labelled(self._session, self._label_layers, choice)
        except CliptraseError as error:
            self.message.show_text(str(error))
            return
        task = self._task(choice, at)
        colors = label_colors(table_for(self._label_layers, choice), int(at.labels.max(initial=0)))

        def steps() -> Generator[Progress, None, tuple[RefineOutcome, NDArray[np.uint8]]]:
            refined = yield from self._runner.steps(task)
            return refined, change_picture(refined, colors)

        def done(outcome: tuple[RefineOutcome, NDArray[np.uint8]]) -> None:
            refined, picture = outcome
            if write:
                self._write(choice, at, refined)
            else:
                self._show(at, refined, picture)

        self._preview_soon.cancel()
        self._forget_preview()
        self._job = self._jobs.start(title, steps, done=done, failed=self._failed, key=REFINE_JOB)
        connect_weakly(self._job.progressed, self._show_progress)
        connect_weakly(self._job.cancelled, self._show_cancelled)
        connect_weakly(self._job.finished, self._ended)
        self._show_busy(True)

    def _make_preview(self) -> None:
        if self.preview.isChecked() and self.isVisible():
            self._start("Preview of the refinement", write=False)

    def _apply(self) -> None:
        choice, shown = self.controls.choice, self._shown
        if choice is not None and shown is not None:
            try:
                at = labelled(self._session, self._label_layers, choice)
            except CliptraseError as error:
                self.message.show_text(str(error))
                return
            if shown.task.is_same_work(self._task(choice, at)):
                self._write(choice, at, shown)
                return
        self._start("Refine boundaries", write=True)

    def _write(self, choice: RefineTarget, at: Labelled, refined: RefineOutcome) -> None:
        self._forget_preview()
        count = int(np.count_nonzero(refined.changed))
        if not count:
            self.message.show_text(" ".join(("Nothing to change.", *refined.notes)))
            return
        self._writer.write(choice, at, refined)
        self.preview.setChecked(False)
        self.message.show_text(" ".join((f"{count:,} pixels changed.", *refined.notes)))
        self._show_undo()

    def _undo(self) -> None:
        self._writer.undo()
        self.message.show_text("The refinement was undone.")
        self._show_undo()

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show(self, at: Labelled, refined: RefineOutcome, picture: NDArray[np.uint8]) -> None:
        self._shown = refined
        target = at.source.target
        start = float(target.rows.start), float(target.columns.start)
        self._picture.show(target, picture, place_over(target.geometry, target.plane, start))
        count = int(np.count_nonzero(refined.changed))
        share = 100 * count / refined.labels.size
        self.message.show_text(" ".join((f"{count:,} pixels ({share:.1f} %) would change.", *refined.notes)))

    def _show_ready(self) -> None:
        ready = self.controls.choice is not None
        self.apply.setEnabled(ready and self._job is None)
        self.preview.setEnabled(ready)
        if not ready:
            self.message.show_text(NOTHING_YET)
        elif self._job is None:
            self.message.show_text(self._wait_text())

    def _wait_text(self) -> str:
        choice = self.controls.choice
        if choice is None or not self.controls.method.needs_sam:
            return ""
        source, sam = whole_plane(self._session, choice.image), self.controls.sam.name
        if self._runner.has_encoded(sam, source.key):
            return ""
        return cost_text(self._runner.cost(sam, source.target.shape))

    def _forget_preview(self) -> None:
        self._shown = None
        self._picture.remove()

    def _outdated(self, _changed: Any = None) -> None:
        """Drop a preview that no longer holds, and make a new one if previews are on."""
        self._forget_preview()
        self._show_ready()
        if self.preview.isChecked() and self.controls.choice is not None:
            self._preview_soon.throttle()
        else:
            self._preview_soon.cancel()

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setRange(0, progress.total)
        self.progress.setValue(progress.done)
        self.message.show_text(f"{progress.text} …")

    def _show_busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.cancel.setVisible(busy)
        self.progress.setRange(0, 0)
        self.apply.setEnabled(not busy and self.controls.choice is not None)

    def _failed(self, error: CliptraseError) -> None:
        self.message.show_text(str(error))

    def _show_cancelled(self) -> None:
        if self._job is not None and self._job.superseded:  # not an older job that this one replaced
            self.message.show_text("Cancelled; nothing was changed.")

    def _ended(self) -> None:
        if self._job is not None and not self._job.running:
            self._job = None
            self._show_busy(False)

    def _show_undo(self, _run: Any = None) -> None:
        self.undo.setEnabled(self._writer.can_undo)

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: take up the preview where it was left."""
        super().showEvent(event)
        self._outdated()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt: in a hidden dock there is no preview, and the tool whose buttons are hidden is off."""
        super().hideEvent(event)
        self._forget_preview()
        self.sam_tool.stop()


def label_colors(table: ClassTable, largest: int) -> NDArray[np.uint8]:
    """(largest + 1, 4) uint8 colours of the labels; background is dark, so that lost pixels are seen."""
    top = max((largest, *table.ids))
    palette = np.full((top + 1, 4), (255, 255, 255, CHANGED_ALPHA), np.uint8)
    palette[0] = (0, 0, 0, CHANGED_ALPHA)
    for entry in table:
        palette[entry.id, :3] = entry.color
    return palette


def change_picture(refined: RefineOutcome, palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 4) uint8: the pixels that change in the colour of their new label, the others clear."""
    changed = refined.changed
    picture = np.zeros((*changed.shape, 4), np.uint8)
    picture[changed] = palette[refined.labels[changed]]
    return picture
