"""From *Run* to layers: load the model, encode, score, write; and score again whenever a prompt changes.

Reading pixels, loading, encoding and scoring happen in a worker; layers are written when it is done, if the image is
still there and unchanged. Encodings are cached, so that going back to an image, a plane or a model costs no new one;
`plugin.run.navigation` shows the cached results.

At any time a runner does one of these: nothing (`idle`); it waits `SCORING_DELAY` after a change before it scores; it
scores; or it runs (which includes loading a model). A change restarts the waiting, the end of the waiting starts
scoring, newer scoring replaces older scoring, and a run replaces both. While a run lasts nothing is scored: what
changed during the run is scored after it.
"""

from collections.abc import Callable, Generator, Hashable
from typing import TYPE_CHECKING, Any, TypeAlias

from napari.utils import notifications
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.pixels.plane_ranges import PlaneRanges
from napari_cliptrase.plugin.layers import Extra, LabelLayers, PlaneResult, Run
from napari_cliptrase.plugin.run.jobs import Job, Jobs
from napari_cliptrase.plugin.run.navigation import PlaneNavigation
from napari_cliptrase.plugin.run.rescoring import scored_question, scoring_steps
from napari_cliptrase.plugin.run.segment_planes import PlanesResult, result_of, segment_planes
from napari_cliptrase.plugin.run.segment_write import SegmentationWriter
from napari_cliptrase.plugin.run.segmenter_source import SegmenterSource, model_steps
from napari_cliptrase.plugin.run.shown_extras import ShownExtras
from napari_cliptrase.plugin.run.shown_result import ShownResult
from napari_cliptrase.plugin.state.encoding_cache import EncodingCache, EncodingKey
from napari_cliptrase.plugin.state.plane_source import Planes, PlaneSource, planes_of
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.run_choices import ModelChoice, Output
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.models.loaded_models import ClipModel

RUN = "segment"
SCORE = "score"
SCORING_DELAY = 150
"""Milliseconds without a change before the scores are computed again."""


class SegmentationRunner:
    """Runs segmentations for a session.

    Signals: ``started(job)``; ``written(run)`` after layers were written; ``failed(error)``; ``ended()`` always;
    ``taken_up(examples)`` after a result that was made ahead of time, with these examples,
    became the shown one.

    Attributes
    ----------
    shown
        The result on the screen, and the question that it answers.
    """

    started = Signal(object)
    written = Signal(object)
    failed = Signal(object)
    ended = Signal()
    taken_up = Signal(object)

    def __init__(self, session: Session, label_layers: LabelLayers, jobs: Jobs) -> None:
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs
        self._cache = EncodingCache()
        self._navigation = PlaneNavigation(session, self._cache)
        self._segmenter_source = SegmenterSource(session, self._navigation)
        self._writer = SegmentationWriter(session, label_layers)
        self._extras = ShownExtras(session, label_layers, jobs)
        self.shown = ShownResult(session, self._cache, self._navigation, self._extras)
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(SCORING_DELAY)
        self._timer.timeout.connect(self.score)
        self._live = True
        session.prompts_changed.connect(self._on_change)
        session.settings_changed.connect(self._on_change)
        session.examples.changed.connect(self._on_change)

    @property
    def segmenter(self) -> "Segmenter | None":
        """The segmenter of the loaded model with the settings of the last run."""
        return self._segmenter_source.segmenter

    @property
    def loaded(self) -> ModelChoice | None:
        """The choice that the loaded model came from."""
        return self._segmenter_source.loaded

    @property
    def output(self) -> Output | None:
        """The layers that were written last."""
        return self._writer.output

    @property
    def idle(self) -> bool:
        """Whether nothing runs, is scored, or waits to be scored; jobs that were cancelled have ended, too."""
        return self._jobs.idle and not self._timer.isActive()

    @property
    def busy(self) -> bool:
        """Whether a run is under way."""
        return bool(self._jobs.running(RUN))

    @property
    def about_to_score(self) -> bool:
        """Whether a change waits to be scored."""
        return self._timer.isActive()

    @property
    def live(self) -> bool:
        """Whether every change is scored at once; what changed while this was off is scored when it is turned on."""
        return self._live

    @live.setter
    def live(self, live: bool) -> None:
        self._live = live
        self._on_change()

    @property
    def stale(self) -> bool:
        """Whether the shown result belongs to other classes or settings, and no run or score is about to renew it."""
        if self.shown.up_to_date:
            return False
        return not self._timer.isActive() and not self._jobs.running(SCORE) and not self._jobs.running(RUN)

    # -- running ------------------------------------------------------------------------------------------------------

    def load(self, choice: ModelChoice) -> Job:
        """Load a model; download it first if it is not on disk."""

        def done(model: "ClipModel") -> None:
            self._segmenter_source.use_model(choice, model)

        job = self._jobs.start("Load", lambda: model_steps(choice), done=done, failed=self._fail, key=RUN)
        return self._started(job)

    def run(
        self,
        source: PlaneSource,
        choice: ModelChoice,
        extras: frozenset[Extra] = frozenset(),
        planes: Planes = Planes.SHOWN,
        ranges: PlaneRanges | None = None,
        smoothing: float = 0.0,
    ) -> Job:
        """Segment a source, or planes of its image, with the session's prompts and settings.

        Planes that are done when a run over several is cancelled are written, and a notice says how many. ``ranges``
        says which ones `Planes.RANGE` means; ``smoothing`` is the share of the planes beside it in the scores of each.
        """
        session = self._session
        prompts, settings = session.prompts, session.settings
        segmenter_steps = self._segmenter_source.segmenter_steps(choice)
        sources = (source,) if planes is Planes.SHOWN else planes_of(source, ranges)
        keys = {plane.key: EncodingKey(plane.key, choice, settings.encode_key()) for plane in sources}
        cached = {plane: encoded for plane, key in keys.items() if (encoded := self._cache.encoded(key)) is not None}
        reached: list[_Outcome] = []
        writing: list[_Outcome] = []

        def steps() -> "Generator[Progress, None, _Outcome]":
            segmenter = yield from segmenter_steps
            examples = session.examples.in_use(segmenter.model.fingerprint, settings.encode_key())
            reached.append((segmenter, PlanesResult(), examples))
            yield from segment_planes(
                segmenter,
                sources,
                source,
                prompts,
                cached=cached,
                model_name=choice.name,
                extras=extras,
                examples=examples,
                found=reached[0][1],
                smoothing=smoothing,
            )
            return reached[0]

        def done(outcome: "_Outcome") -> Generator[Progress, None, None]:
            writing.append(outcome)
            segmenter, found, examples = outcome
            question = scored_question(prompts), settings, examples
            self._segmenter_source.use(choice, segmenter)
            if found.encoded is not None:
                self._cache.keep(keys[source.key], found.encoded)
            run = yield from self._writer.write(found.results)
            self._extras.chosen = extras
            for segmented in found.reused:
                self._cache.remember(keys[segmented.source.key], segmented, question)
            if found.encoded is not None and found.segmented is not None:
                session.encoded = found.encoded
                self.shown.show(found.segmented, question)
            self._notify(run)
            if len(found.results) < len(sources):
                notifications.show_info(_stopped(len(found.results), len(sources)))
            # the user may have chosen another image or plane during the run
            if session.image is not None and session.image.unique_id != source.target.image_id:
                self._navigation.follow_image()
            elif planes is not Planes.SHOWN:
                self._navigation.follow_plane()

        def keep() -> None:
            """Write the planes that were done when the user cancelled, unless another run has taken the place."""
            if writing or not job.superseded or not reached or not reached[0][1].results or self.busy:
                return
            self._started(
                self._jobs.start("Segment", lambda: _at_once(reached[0]), done=done, failed=self._fail, key=RUN)
            )

        self._timer.stop()
        self._jobs.cancel(SCORE)
        job = self._started(self._jobs.start("Segment", steps, done=done, failed=self._fail, key=RUN))
        job.cancelled.connect(keep)
        return job

    def run_other(
        self,
        title: str,
        choice: ModelChoice,
        work: "Callable[[Segmenter], Generator[Progress, None, Any]]",
        done: Callable[[Any], object],
    ) -> Job:
        """Start other work that takes the place of a run: it gets a segmenter with the chosen model and settings."""
        segmenter_steps = self._segmenter_source.segmenter_steps(choice)

        def steps() -> "Generator[Progress, None, tuple[Segmenter, Any]]":
            segmenter = yield from segmenter_steps
            return segmenter, (yield from work(segmenter))

        def use(outcome: "tuple[Segmenter, Any]") -> None:
            segmenter, found = outcome
            self._segmenter_source.use(choice, segmenter)
            done(found)

        self._timer.stop()
        self._jobs.cancel(SCORE)
        return self._started(self._jobs.start(title, steps, done=use, failed=self._fail, key=RUN))

    def score(self) -> Job | None:
        """Score the last encoding again with the session's prompts and settings; None when there is nothing to score.

        What waits to be scored is part of it, so the waiting ends.
        """
        session = self._session
        encoded, segmenter = session.encoded, self.segmenter
        prompts, settings = session.prompts, session.settings
        if encoded is None or segmenter is None or not prompts.classes or self._jobs.running(RUN):
            return None
        self._timer.stop()
        question, examples = self.shown.question(), self.shown.examples()

        def steps() -> Generator[Progress, None, Segmented]:
            return (yield from scoring_steps(segmenter, encoded, prompts, settings, examples))

        def done(segmented: Segmented) -> Generator[Progress, None, None] | None:
            return self._rescore(encoded, segmented, question) if session.encoded is encoded else None

        return self._started(self._jobs.start("Score", steps, done=done, failed=self._fail, key=SCORE))

    def take_up(
        self,
        choice: ModelChoice,
        segmenter: "Segmenter",
        prompts: PromptSet,
        examples: LessonMemory | None,
        encoded: Encoded,
        segmented: Segmented,
    ) -> None:
        """Make an encoding, and its result for prompts and examples, the shown ones; they were made ahead of time."""
        self._segmenter_source.use(choice, segmenter)
        # if strokes taught more since then: a mask that is only opened must not change by itself
        question = scored_question(prompts), segmenter.settings, self.shown.examples_for(encoded)
        self.shown.take_up(choice, encoded, segmented, question)
        self._on_change()  # the classes may be others by now
        self.taken_up.emit(examples)

    def write_learned(
        self, learned: Segmented, question: Hashable, result: PlaneResult
    ) -> Generator[Progress, None, Run]:
        """Write what hand edits taught (``result``, a part of ``learned``), and make ``learned`` the shown result."""
        encoded = self._session.encoded
        run = yield from self._writer.write_learned(result)
        if self._session.encoded is encoded:
            self.shown.show(learned, question)
        self._notify(run)
        return run

    def unload(self) -> None:
        """Free the memory of the model and of all encodings."""
        self._jobs.cancel()
        self._cache.clear()
        self._segmenter_source.unload()

    def is_encoded(self, source: PlaneSource, choice: ModelChoice) -> bool:
        """Whether a run over a source needs no new encoding."""
        return EncodingKey(source.key, choice, self._session.settings.encode_key()) in self._cache

    def set_extras(self, extras: frozenset[Extra]) -> Job | None:
        """Show other layers beside the labels of the shown result; None when there is none yet."""
        return self._extras.choose(extras, self._fail)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _started(self, job: Job) -> Job:
        job.finished.connect(lambda: self._end(job))
        self.started.emit(job)
        return job

    def _end(self, job: Job) -> None:
        if job.key == RUN:
            self._on_change()  # what changed during the run
        self.ended.emit()

    def _fail(self, error: CliptraseError) -> None:
        self.failed.emit(error)
        notifications.show_warning(str(error))

    def _rescore(self, encoded: Encoded, segmented: Segmented, question: Hashable) -> Generator[Progress, None, None]:
        """Write new scores of the same encoding; they replace the scores that were written before them."""
        run = yield from self._writer.write_scores(result_of(segmented, "New scores"))
        if self._session.encoded is encoded:  # otherwise the user went elsewhere while the layers were written
            self.shown.show(segmented, question)
            self._notify(run)

    def _notify(self, run: Run) -> None:
        """Announce what was written."""
        for note in run.notes:
            notifications.show_info(note)
        self.written.emit(run)

    def _on_change(self, _new: Any = None) -> None:
        """Score again after a change that needs no new encoding and makes a difference to the labels."""
        if not self._live or not self.shown.can_be_scored_again:
            return
        if not self.shown.up_to_date or self._jobs.running(SCORE):
            self._timer.start()


_Outcome: TypeAlias = "tuple[Segmenter, PlanesResult, LessonMemory | None]"


def _at_once(outcome: _Outcome) -> Generator[Progress, None, _Outcome]:
    """Hand over what was found before."""
    yield Progress(0, 0, "Writing the planes that are done")
    return outcome


def _stopped(done: int, total: int) -> str:
    return (
        f"Stopped: {done} of {total} planes are done and stay. Choose the others as a range of planes to go on, or "
        "undo the run."
    )
