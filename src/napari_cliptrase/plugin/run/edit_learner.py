"""Learns from hand edits: after each stroke the examples follow, and with them the scores of the classes.

    stroke -> rows that changed -> shares of the patches -> lessons -> examples of the session
           -> scores, in a worker -> what would change is proposed, or written into the layers at once

What an image teaches is always what its layers hold: when Ctrl+Z takes a stroke back, its lesson goes as well. Pixels
that a person set never change, nor do locked classes; and only what the examples changed in the answer of the model is
proposed, so that refined boundaries elsewhere stay.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils import notifications
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_cliptrase.array_types import Floats, Mask
from napari_cliptrase.classes.prompt_class import BACKGROUND
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson import Lesson, LessonAction, class_key, lessons_from_shares
from napari_cliptrase.learn.lesson_memory import ExampleKey, example_key
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult, Run
from napari_cliptrase.plugin.layers.baseline import PackedMask
from napari_cliptrase.plugin.layers.painted_patches import PaintedPatches, PatchOwner
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.run.proposal import Proposal, changeable
from napari_cliptrase.plugin.run.rescoring import scoring_steps
from napari_cliptrase.plugin.run.segmentation import SCORE, SegmentationRunner
from napari_cliptrase.plugin.run.turns import Turns
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import Progress

LEARNED_TITLE = "Learned"
WRITING_WAIT = 50
"""Milliseconds until layers that are being written are looked at again."""


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
        self._patches: PaintedPatches | None = None
        self._patches_of: Encoded | None = None
        self._forgotten: dict[str, dict[PatchOwner, Floats]] = {}
        """Shares of patches, by the image, whose examples the user took away; only more of them teaches again."""
        self._taught: dict[str, frozenset[ExampleKey]] = {}
        """What hand edits taught here, by the image; examples that came from a file are not theirs to take back."""
        self._proposal: Proposal | None = None
        self._written: Run | None = None
        self._statements = -1
        self._behind: Encoded | None = None
        self._stroked = False
        self._turns = Turns()
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
        return not self._timer.isActive() and not self._turns.running

    def switch(self, on: bool) -> None:
        """Learn or not; what was painted on the shown image before teaches as well."""
        self._session.examples.learning = on
        if on:
            self._on_stroke()

    def accept(self) -> None:
        """Write what is proposed."""
        proposal = self._proposal
        if proposal is None:
            return
        self._propose(None)
        try:
            self._turns.start(self._write(proposal))
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
        memory = self._session.memory
        if memory is not None:
            self._keep_from_teaching(lambda class_name, _: name is None or class_key(class_name) == class_key(name))
            forgotten = replace(memory, lessons=()) if name is None else memory.without_class(name)
            self._session.examples.change(forgotten)

    def forget_one(self, lesson: Lesson) -> None:
        """Forget one example."""
        memory, encoded = self._session.memory, self._patches_of
        if memory is None or lesson not in memory.lessons:
            return
        if encoded is not None and lesson.image == encoded.encoding.image_sha256:
            mine = class_key(lesson.class_name), lesson.negative
            self._keep_from_teaching(lambda class_name, negative: (class_key(class_name), negative) == mine)
        self._session.examples.change(memory.without_lesson(memory.lessons.index(lesson)))

    def _keep_from_teaching(self, which: Callable[[str, bool], bool]) -> None:
        """Let the hand edits of this image, as they are now, no longer teach some classes."""
        if self._patches is None or self._patches_of is None:
            return
        image = self._patches_of.encoding.image_sha256
        forgotten, taught = self._forgotten.setdefault(image, {}), self._taught.get(image, frozenset())
        self._taught[image] = frozenset(key for key in taught if not which(key[1], key[2]))
        for owner, (class_name, shares) in _named(self._session.prompts, self._patches.shares()).items():
            if which(class_name, owner[1]):
                forgotten[owner] = shares

    # -- from a stroke to scores --------------------------------------------------------------------------------------

    def _learn(self) -> None:
        """Bring the examples of this image in line with its hand edits; score when something is new in them."""
        session, runner = self._session, self._runner
        encoded, shown, segmenter = session.encoded, session.segmented, runner.segmenter
        if encoded is None or shown is None or segmenter is None or runner.busy:
            return
        if encoded.encoding.shape != encoded.source.target.shape:
            return
        if self._label_layers.writing:
            QTimer.singleShot(WRITING_WAIT, self._learn_soon)
            return
        stroked, self._stroked = self._stroked and session.examples.learning, False
        taught = stroked and self._teach(encoded, segmenter.model.fingerprint)
        if not taught and self._behind is not encoded:
            return
        self._behind = None
        prompts, settings = session.prompts, session.settings
        question, examples = runner.question(), runner.examples()

        def steps() -> Generator[Progress, None, tuple[Segmented, Mask]]:
            learned = yield from scoring_steps(segmenter, encoded, prompts, settings, examples)
            return learned, learned.segmentation.labels != shown.segmentation.labels

        def done(outcome: tuple[Segmented, Mask]) -> Generator[Progress, None, None] | None:
            return self._use(Proposal(outcome[0], question, outcome[1])) if session.segmented is shown else None

        self._jobs.start("Learn", steps, done=done, key=SCORE)

    def _teach(self, encoded: Encoded, model: str) -> bool:
        """Let the hand edits of this image be its examples; return whether that is new."""
        try:
            lessons = self._lessons(encoded)
        except CliptraseError:  # the image has gone or changed
            return False
        examples, image = self._session.examples, encoded.encoding.image_sha256
        memory = examples.memory(model, encoded.encoding.encode_settings)
        keys = frozenset(map(example_key, lessons))
        before = self._taught.get(image, frozenset())
        if _same([lesson for lesson in memory.lessons if example_key(lesson) in before | keys], lessons):
            return False
        self._taught[image] = keys
        examples.teach(memory.retaught(before, lessons))
        return True

    def _lessons(self, encoded: Encoded) -> tuple[Lesson, ...]:
        encoding = encoded.encoding
        if self._patches is None or self._patches_of is not encoded:
            layers = self._label_layers
            self._patches = PaintedPatches(layers.contents, layers.history, encoded.source.target, encoding.grid)
            self._patches_of = encoded
        self._patches.renew()
        forgotten = self._forgotten.get(encoding.image_sha256, {})
        owners = _named(self._session.prompts, self._patches.shares())
        if not owners:
            return ()
        shares = [share - forgotten.get(owner, np.float32(0)) for owner, (_, share) in owners.items()]
        return lessons_from_shares(
            encoding.features,
            np.maximum(np.stack(shares), 0),
            [(name, negative) for (_, negative), (name, _) in owners.items()],
            image=encoding.image_sha256,
            action=LessonAction.PAINT,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    # -- from scores to layers ----------------------------------------------------------------------------------------

    def _use(self, found: Proposal) -> Generator[Progress, None, None] | None:
        """Propose what changes, or write it; where nothing changes, the new scores are shown."""
        stated = self._patches.stated if self._patches is not None else None
        found = replace(found, where=changeable(found, self._label_layers, stated, self._session.locked))
        self._propose(None)
        if not found.where.any():
            self._runner.show(found.learned, found.question)
        elif self._session.examples.at_once:
            return self._write(found)
        else:
            self._propose(found)
        return None

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

    def _learn_soon(self, *_: Any) -> None:
        if self._session.examples.learning or self._behind is not None:
            self._timer.start()

    def _on_rows(self, layer: Labels, plane: tuple[int, ...], rows: slice) -> None:
        patches, statements = self._patches, self._label_layers.history.statements
        if self._label_layers.writing and statements == self._statements:
            return  # written by a run, and nothing that a person stated
        self._statements = statements
        if patches is not None and plane == patches.target.plane and patches.target.geometry.fits(layer):
            patches.note_rows(rows)
        self._on_stroke()

    def _on_content(self, layer: Labels) -> None:
        """A layer may have been removed with all that was stated in it."""
        if self._patches is not None and layer not in self._session.viewer.layers:
            self._patches.note_all()
            self._on_stroke()

    def _on_written(self, run: Run) -> None:
        """A tool may have stated pixels that held their class already; a run may have replaced what was stated."""
        if not run.by_hand:
            if self._patches is not None and self._session.merge_mode is MergeMode.REPLACE:
                self._patches.note_all()
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
        self._patches = self._patches_of = self._written = None
        self._stroked = (
            False  # what was painted before waits for the next stroke: a mask must not change by being shown
        )
        self._propose(None)
        self.changed.emit()

    def _on_segmented(self, _segmented: Segmented | None) -> None:
        self._propose(None)
        self._learn_soon()

    def _on_switch(self, on: bool) -> None:
        if not on:
            self._patches = self._patches_of = None
            self._propose(None)


def _named(prompts: PromptSet, shares: Mapping[PatchOwner, Floats]) -> dict[PatchOwner, tuple[str, Floats]]:
    """Return shares with the names under which they teach.

    With background phrases, erased pixels are examples of the background; without, they only say what is not there.
    """
    names = {entry.id: entry.name for entry in prompts}
    found = {owner: (names[owner[0]], share) for owner, share in shares.items() if owner[0] in names}
    if not prompts.background:
        return found
    found = {owner: named for owner, named in found.items() if not owner[1]}
    if (0, False) in shares:
        found[0, False] = BACKGROUND, shares[0, False]
    return found


def _same(before: Iterable[Lesson], now: Iterable[Lesson]) -> bool:
    """Whether lessons of one image teach the same; those of a file have features of half precision."""

    def taught(lesson: Lesson) -> tuple[Any, ...]:
        return class_key(lesson.class_name), lesson.negative, lesson.weight.tobytes()

    return sorted(map(taught, before)) == sorted(map(taught, now))
