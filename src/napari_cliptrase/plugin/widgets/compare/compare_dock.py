"""The dock "Compare with ground truth": IoU of each class, which classes are confused, and where."""

from collections.abc import Generator
from typing import Any, Final

import numpy as np
from qtpy.QtGui import QHideEvent
from qtpy.QtWidgets import QCheckBox, QPushButton, QVBoxLayout, QWidget

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.label_comparison import LabelComparison, compare_labels_steps, worst_place
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.layers.overlay_layer import OverlayLayer
from napari_cliptrase.plugin.layers.placement import place_over
from napari_cliptrase.plugin.run.compare_choice import (
    CompareChoice,
    ComparedPlane,
    check_same_size,
    compare_choices,
    compared_plane,
)
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.place_view import bring_into_view
from napari_cliptrase.plugin.widgets.choices import NarrowCombo
from napari_cliptrase.plugin.widgets.compare.score_tables import ScoreTable, class_lines, mistake_lines
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.sections import Note, heading, scrolling
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.progress import Progress

COMPARE_JOB: Final = "compare"
ERROR_COLOR: Final = (255, 0, 160, 210)
NOTHING_TO_COMPARE: Final = "There have to be two label layers, or the classes of an image and one label layer."
_SAME: Final = "Choose two different layers: one is the truth, the other is compared with it."
_CHANGED: Final = "The labels have changed since; compare again for new figures."


class CompareDock(QWidget):
    """Compares in a worker; a click on a class or a mistake shows its pixels and goes to where most of them lie."""

    def __init__(self, session: Session, label_layers: LabelLayers, jobs: Jobs) -> None:
        super().__init__()
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs
        self._choices: tuple[CompareChoice, ...] = ()
        self._comparison: LabelComparison | None = None
        self._place: ComparedPlane | None = None
        self._picture = OverlayLayer(session.viewer, "Errors", blending="translucent")
        self._build()
        self.compare.clicked.connect(self._compare)
        self.worst.clicked.connect(lambda: self._go(()))
        self.by_class.chosen.connect(self._go)
        self.by_mistake.chosen.connect(self._go)
        self.show_errors.toggled.connect(lambda _on: self._show_errors())
        for combo in (self.truth, self.found):
            combo.currentIndexChanged.connect(self._show_ready)
        events = session.viewer.layers.events
        for emitter in (events.inserted, events.removed, events.reordered, events.renamed):
            connect_weakly(emitter, self.refresh)
        connect_weakly(session.image_changed, self.refresh)
        connect_weakly(label_layers.content_changed, self._outdated)
        self.refresh()

    def _build(self) -> None:
        self.truth = NarrowCombo("The labels that are known to be right.")
        self.found = NarrowCombo("The labels that are judged.")
        self.skip_zero = QCheckBox("Label 0 of the truth is not scored")
        self.skip_zero.setToolTip(
            "Tick it where 0 means that nobody has labelled the pixel, not that it is background."
        )
        self.compare = QPushButton("Compare")
        self.compare.setToolTip("Count how far the two agree in the plane on screen.")
        self.message = Note()
        self.by_class = ScoreTable(
            (
                ("class", "A click goes to the worst place of the class."),
                ("IoU", "Shared pixels, of all that either gives to the class."),
                ("boundary", "The same within 2 pixels of the boundaries."),
                ("pixels", "In the truth."),
            ),
            1,
        )
        self.by_mistake = ScoreTable(
            (
                ("truth", "The true class."),
                ("taken for", "The class that its pixels got."),
                ("pixels", "How many were taken for it."),
                ("share", "Of the true class."),
            ),
            2,
        )
        self.show_errors = QCheckBox("Show errors on the image")
        self.show_errors.setChecked(True)
        self.show_errors.setToolTip("Pixels that differ from the truth are pink: all, or those of the chosen line.")
        self.worst = QPushButton("Worst place")
        self.worst.setToolTip("Go to where most wrong pixels lie together.")
        self.results = QWidget()
        results = QVBoxLayout(self.results)
        results.setContentsMargins(0, 0, 0, 0)
        results.addWidget(self.show_errors)
        results.addWidget(self.worst)
        results.addWidget(heading("Classes, the worst first"))
        results.addWidget(self.by_class, 3)
        results.addWidget(heading("Confused classes, most pixels first"))
        results.addWidget(self.by_mistake, 2)
        self.results.setVisible(False)
        inner = QWidget()
        column = QVBoxLayout(inner)
        form = QWidget()
        rows = Form(form)
        rows.add("Truth", self.truth)
        rows.add("Compare", self.found)
        column.addWidget(form)
        column.addWidget(self.skip_zero)
        column.addWidget(self.compare)
        column.addWidget(self.message)
        column.addWidget(self.results, 1)
        column.addStretch(0)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inner))

    # -- what is chosen -----------------------------------------------------------------------------------------------

    def refresh(self, _event: Any = None) -> None:
        """Follow the layer list; choices stay with their layers."""
        before = self._choice(self.truth), self._choice(self.found)
        self._choices = compare_choices(self._session)
        joined = sum(choice.title.startswith("Classes of ") for choice in self._choices)
        usual = (min(joined, len(self._choices) - 1), 0 if joined else 1)
        for combo, old, row in zip((self.truth, self.found), before, usual, strict=True):
            combo.blockSignals(True)
            combo.clear()
            for choice in self._choices:
                combo.addItem(choice.title)
            same = [number for number, choice in enumerate(self._choices) if choice.same_as(old)]
            combo.setCurrentIndex(same[0] if same else min(row, len(self._choices) - 1))
            combo.blockSignals(False)
        self._show_ready()

    def _choice(self, combo: NarrowCombo) -> CompareChoice | None:
        row = combo.currentIndex()
        return self._choices[row] if 0 <= row < len(self._choices) else None

    def _show_ready(self, _row: int = 0) -> None:
        truth, found = self._choice(self.truth), self._choice(self.found)
        ready = truth is not None and found is not None and not truth.same_as(found)
        self.compare.setEnabled(ready)
        if len(self._choices) < 2:
            self.message.show_text(NOTHING_TO_COMPARE)
        elif not ready:
            self.message.show_text(_SAME)
        elif self._comparison is None:
            self.message.show_text("")

    # -- comparing ----------------------------------------------------------------------------------------------------

    def _compare(self) -> None:
        truth, found = self._choice(self.truth), self._choice(self.found)
        if truth is None or found is None:
            return
        self._forget()
        try:
            known, judged = (compared_plane(self._session, self._label_layers, each) for each in (truth, found))
            check_same_size(known, judged)
        except CliptraseError as error:
            self._show_failure(error)
            return
        skip_zero = self.skip_zero.isChecked()

        def steps() -> Generator[Progress, None, LabelComparison]:
            return (yield from compare_labels_steps(known.named, judged.named, skip_zero=skip_zero))

        def done(comparison: LabelComparison) -> None:
            self._comparison, self._place = comparison, known
            self._show(comparison)

        self.message.show_text("Comparing …")
        self._jobs.start("Compare with ground truth", steps, done=done, failed=self._show_failure, key=COMPARE_JOB)

    def _show(self, comparison: LabelComparison) -> None:
        confusion = comparison.confusion
        scored = comparison.truth.size - comparison.unscored
        if not scored:
            self.message.show_text("No pixel of the truth is scored; untick “Label 0 …”, or choose another truth.")
            return
        unscored = f" {comparison.unscored:,} pixels are not scored." if comparison.unscored else ""
        self.message.show_text(
            f"{100 * confusion.mean_iou:.1f} % mean IoU; {100 * confusion.accuracy:.1f} % of the pixels are right, "
            f"{int(comparison.wrong.sum()):,} are wrong.{unscored}"
        )
        self.by_class.fill(class_lines(comparison))
        self.by_mistake.fill(mistake_lines(comparison))
        self.worst.setEnabled(bool(comparison.wrong.any()))
        self.results.setVisible(True)
        self._show_errors()

    def _show_failure(self, error: CliptraseError) -> None:
        self.message.show_text(str(error))

    # -- showing ------------------------------------------------------------------------------------------------------

    def _go(self, names: tuple[str, ...]) -> None:
        """Show the wrong pixels of a class (one name) or a mistake (two), and go to the worst of them."""
        if self._comparison is None or self._place is None:
            return
        mask = self._comparison.mask_of(*names)
        self._show_errors(names)
        place = worst_place(mask)
        if place is not None:
            bring_into_view(self._session.viewer, self._place.target, place.middle, place.size)

    def _show_errors(self, names: tuple[str, ...] = ()) -> None:
        if self._comparison is None or self._place is None or not self.show_errors.isChecked():
            self._picture.remove()
            return
        mask = self._comparison.mask_of(*names)
        picture = np.zeros((*mask.shape, 4), np.uint8)
        picture[mask] = ERROR_COLOR
        target = self._place.target
        start = float(target.rows.start), float(target.columns.start)
        self._picture.show(target, picture, place_over(target.geometry, target.plane, start))

    def _outdated(self, _changed: Any = None) -> None:
        if self._comparison is not None:
            self._forget()
            self.message.show_text(_CHANGED)

    def _forget(self) -> None:
        self._comparison = self._place = None
        self.results.setVisible(False)
        self._picture.remove()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt: a hidden dock shows no errors."""
        super().hideEvent(event)
        self._picture.remove()
