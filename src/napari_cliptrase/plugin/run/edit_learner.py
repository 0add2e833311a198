"""Learns from hand edits: after each stroke the examples follow, and with them the scores of the classes.

    stroke -> rows that changed -> shares of the patches -> lessons -> examples of the session
           -> scores, in a worker -> what would change is proposed, or written into the layers at once

What an image teaches is always what its layers hold: when Ctrl+Z takes a stroke back, its lesson goes as well. Pixels
that a person set never change, nor do locked classes; and only what the examples changed in the answer of the model is
proposed, so that refined boundaries elsewhere stay.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils import notifications
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_cliptrase.array_types import Mask
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult, Run
from napari_cliptrase.plugin.layers.baseline import PackedMask
from napari_cliptrase.plugin.run.edit_lessons import EditLessons
from napari_cliptrase.plugin.run.gui_steps import GuiSteps
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.run.proposal import Proposal, alike, changeable
from napari_cliptrase.plugin.run.rescoring import scoring_steps
from napari_cliptrase.plugin.run.segmentation import SCORE, SegmentationRunner
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import Progress

LEARNED_TITLE = "Learned"
WRITING_WAIT = 50
"""Milliseconds until layers that are being written, and scores that are awaited, are looked at again."""


class EditLearner:
    """Follows the label layers of a session's image while learning is on.

    Signals: ``changed()`` when something was proposed, accepted, dropped or taken back.
    """

    changed = Signal()

    def __init__(self, session: Session, label_layers: LabelLayers, jobs: Jobs, runner: SegmentationRunner) -> None:
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs
        self._runner = runner
        self._lessons = EditLessons(session, label_layers)
        self._proposal: Proposal | None = None
        self._written: Run | None = None
        self._statements = -1
        self._behind: Encoded | None = None
        self._stroked = False
        self._asked_for: int | None = None
        self._gui_steps = GuiSteps()
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._learn)
        label_layers.rows_changed.connect(self._on_rows)
        label_layers.content_changed.connect(self._on_content)
        label_layers.written.connect(self._on_written)
        label_layers.undone.connect(self._on_undone)
        session.encoded_changed.connect(self._on_encoded)
        session.segmented_changed.connect(self._on_segmented)
        session.examples.learning_changed.connect(self._on_switch)
        session.scribbles.changed.connect(self._on_scribble)
        runner.ended.connect(self._learn_soon)

    # -- what can be done ---------------------------------------------------------------------------------------------

    @property
    def proposal(self) -> Proposal | None:
        """What would change; None when nothing would, or it was written at once."""
        return self._proposal

    @property
    def can_undo(self) -> bool:
        """Whether there is a proposal to drop, or a written one to take back."""
        return self._proposal is not None or (self._written is not None and not self._written.undone)

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be learned or written; what is scored is a job."""
        return not self._timer.isActive() and not self._gui_steps.running

    def switch(self, on: bool) -> None:
        """Learn or not; what was painted on the shown image before teaches as well."""
        self._session.examples.learning = on
        if on:
            self._on_stroke()

    def find_alike(self, class_id: int) -> None:
        """Show what the next example of a class finds: only what becomes that class, and never written unseen."""
        self._asked_for = class_id

    def accept(self) -> None:
        """Write what is proposed."""
        proposal = self._proposal
        if proposal is None:
            return
        self._propose(None)
        try:
            self._gui_steps.start(self._write(proposal))
        except CliptraseError as error:
            notifications.show_warning(str(error))

    def undo(self) -> None:
        """Drop what is proposed, or take back what was written last; strokes and their examples stay."""
        if self._proposal is not None:
            self._propose(None)
        elif self._written is not None and not self._written.undone:
            run, self._written = self._written, None
            self._label_layers.undo(run, self._session.locked)

    def catch_up(self) -> None:
        """Score the shown encoding with the examples that there are, although no stroke asked for it."""
        self._behind = self._session.encoded
        self._timer.start()

    def forget(self, name: str | None = None) -> None:
        """Forget the examples of a class (None: of all), also those that hand edits of this image would teach again."""
        self._lessons.forget(name)

    def forget_one(self, lesson: Lesson) -> None:
        """Forget one example."""
        self._lessons.forget_one(lesson)

    # -- from a stroke to scores --------------------------------------------------------------------------------------

    def _learn(self) -> None:
        """Bring the examples of this image in line with its hand edits; score when something is new in them."""
        session, runner = self._session, self._runner
        encoded, shown, segmenter = session.encoded, session.segmented, runner.segmenter
        if encoded is None or shown is None or segmenter is None or runner.busy:
            return
        if encoded.encoding.shape != encoded.source.target.shape:
            return
        # a class that was just added is scored first: with its example, that score would be written unseen
        if self._label_layers.writing or runner.about_to_score:
            QTimer.singleShot(WRITING_WAIT, self._learn_soon)
            return
        if self._stroked and not encoded.encoding.spots_known:
            self._jobs.start("Learn", lambda: _look_steps(encoded), done=self._learn_soon, key=SCORE)
            return
        stroked, self._stroked = self._stroked and session.examples.learning, False
        taught = stroked and self._lessons.teach(encoded, segmenter.model.fingerprint)
        if not taught and self._behind is not encoded:
            return
        self._behind = None
        prompts, settings = session.prompts, session.settings
        question, examples = runner.shown.question(), runner.shown.examples()

        def steps() -> Generator[Progress, None, tuple[Segmented, Mask]]:
            learned = yield from scoring_steps(segmenter, encoded, prompts, settings, examples)
            return learned, learned.segmentation.labels != shown.segmentation.labels

        def done(outcome: tuple[Segmented, Mask]) -> Generator[Progress, None, None] | None:
            return self._use(Proposal(outcome[0], question, outcome[1])) if session.segmented is shown else None

        self._jobs.start("Learn", steps, done=done, key=SCORE)

    # -- from scores to layers ----------------------------------------------------------------------------------------

    def _use(self, found: Proposal) -> Generator[Progress, None, None] | None:
        """Propose what changes, or write it; where nothing changes, the new scores are shown."""
        where = changeable(found, self._label_layers, self._lessons.stated, self._session.locked)
        asked_for, self._asked_for = self._asked_for, None
        if asked_for is not None:
            where &= (found.labels == asked_for) & self._alike(asked_for)
        found = replace(found, where=where)
        self._propose(None)
        if not found.where.any():
            self._runner.shown.show(found.learned, found.question)
        elif self._session.examples.at_once and asked_for is None:
            return self._write(found)
        else:
            self._propose(found)
        return None

    def _alike(self, class_id: int) -> Mask:
        """(h, w) pixels of the encoded box that are like the scribbles of a class."""
        encoded = self._session.encoded
        assert encoded is not None  # or nothing would have been scored
        encoding = encoded.encoding
        example = self._session.scribbles.shares(encoding.image_sha256, encoding.grid).get(class_id)
        if example is None:  # it was taken back meanwhile
            return np.zeros(encoding.shape, bool)
        return alike(encoding.features, encoding.grid, example, encoding.shape)

    def _write(self, found: Proposal) -> Generator[Progress, None, None]:
        segmented = found.learned
        segmentation, target = segmented.segmentation, replace(segmented.source.target, mask=found.where)
        result = PlaneResult(target, segmentation.labels, segmentation.classes, segmentation.provenance, LEARNED_TITLE)
        self._written = yield from self._runner.write_learned(segmented, found.question, result)
        self.changed.emit()

    def _propose(self, proposal: Proposal | None) -> None:
        if proposal is not self._proposal:
            self._proposal = proposal
            self.changed.emit()

    # -- what happens -------------------------------------------------------------------------------------------------

    def _on_stroke(self) -> None:
        self._stroked = True
        self._learn_soon()

    def _on_scribble(self, image: str) -> None:
        encoded = self._session.encoded
        if encoded is not None and encoded.encoding.image_sha256 == image:
            self._on_stroke()

    def _learn_soon(self, *_: Any) -> None:
        if self._session.examples.learning or self._behind is not None:
            self._timer.start()

    def _on_rows(self, layer: Labels, plane: tuple[int, ...], rows: slice) -> None:
        statements = self._label_layers.history.statements
        if self._label_layers.writing and statements == self._statements:
            return  # written by a run, and nothing that a person stated
        self._statements = statements
        self._lessons.note_rows(layer, plane, rows)
        self._on_stroke()

    def _on_content(self, layer: Labels) -> None:
        """A layer may have been removed with all that was stated in it."""
        if self._lessons.read and layer not in self._session.viewer.layers:
            self._lessons.note_all()
            self._on_stroke()

    def _on_written(self, run: Run) -> None:
        """A tool may have stated pixels that held their class already; a run may have replaced what was stated."""
        if not run.by_hand:
            if self._session.merge_mode is MergeMode.REPLACE:
                self._lessons.note_all()
            return
        for step in run.steps:
            before, after = step.baseline.before.stated, step.baseline.after.stated
            span = PackedMask(after.shape, before.bits ^ after.bits).span()
            if span is not None:
                self._on_rows(step.layer, step.plane, span)

    def _on_undone(self, run: Run) -> None:
        if run is self._written:
            self._written = None
        self._learn_soon()
        self.changed.emit()

    def _on_encoded(self, _encoded: Encoded | None) -> None:
        self._asked_for = None
        self._lessons.forget_patches()
        self._written = None
        # what was painted before waits for the next stroke: a mask must not change by being shown
        self._stroked = False
        self._propose(None)
        self.changed.emit()

    def _on_segmented(self, _segmented: Segmented | None) -> None:
        self._propose(None)
        self._learn_soon()

    def _on_switch(self, on: bool) -> None:
        if not on:
            self._lessons.forget_patches()
            self._propose(None)


def _look_steps(encoded: Encoded) -> Generator[Progress, None, None]:
    """Look at colour and texture of an image, once, before the first stroke on it teaches."""
    yield Progress(0, 0, "Looking at colour and texture")
    encoded.encoding.spot_textures()
