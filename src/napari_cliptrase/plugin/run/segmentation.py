"""From *Run* to layers: load the model, encode, score, write; and score again whenever a prompt changes.

Reading pixels, loading, encoding and scoring happen in a worker; layers are written when it is done, if the image is
still there and unchanged. Encodings are kept, so that going back to an image, a plane or a model costs no new one.
"""

from collections.abc import Generator, Hashable, Sequence
from typing import TYPE_CHECKING, Any

from napari.utils import notifications
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import Extra, LabelLayers, PlaneResult, Run, show_extras
from napari_cliptrase.plugin.run.jobs import Job, Jobs
from napari_cliptrase.plugin.run.segment_planes import PlanesResult, result_of, segment_planes
from napari_cliptrase.plugin.state.encoding_cache import EncodingCache, Key
from napari_cliptrase.plugin.state.plane_source import Planes, PlaneSource, on_plane_of, planes_of
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.run_choices import ModelChoice, Output
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.models.load import ClipModel

RUN = "segment"
SCORE = "score"
QUIET_TIME = 150
"""Milliseconds without a change before the scores are computed again."""


class SegmentationRunner:
    """Runs segmentations for a session.

    Signals: ``started(job)``; ``written(run)`` after layers were written; ``failed(error)``; ``ended()`` always.
    """

    started = Signal(object)
    written = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, session: Session, label_layers: LabelLayers, jobs: Jobs) -> None:
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs
        self._kept = EncodingCache()
        self.loaded: ModelChoice | None = None
        """The choice that the loaded model came from."""
        self._segmenter: Segmenter | None = None
        self._live_run: Run | None = None
        self._writing = False
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_TIME)
        self._timer.timeout.connect(self.score)
        self._asked: Hashable = None
        self._extras: frozenset[Extra] = frozenset()
        self._away: PlaneSource | None = None
        self._live = True
        self.output: Output | None = None
        """The layers that were written last."""
        session.viewer.dims.events.current_step.connect(self._on_plane)
        session.image_changed.connect(self._on_image)
        session.encoded_changed.connect(self._leave)
        session.prompts_changed.connect(self._on_change)
        session.settings_changed.connect(self._on_change)
        label_layers.written.connect(self._on_written)

    @property
    def live(self) -> bool:
        """Whether every change is scored at once; turned on, what has changed meanwhile is."""
        return self._live

    @live.setter
    def live(self, live: bool) -> None:
        self._live = live
        self._on_change()

    @property
    def stale(self) -> bool:
        """Whether classes or settings are others than those of the shown result, and nothing is being done about it."""
        session = self._session
        if session.encoded is None or session.segmented is None or self._question() == self._asked:
            return False
        return not self._timer.isActive() and not self._jobs.running(SCORE) and not self._jobs.running(RUN)

    # -- running ------------------------------------------------------------------------------------------------------

    def load(self, choice: ModelChoice) -> Job:
        """Load a model, after a download if need be."""

        def steps() -> "Generator[Progress, None, ClipModel]":
            return (yield from _loaded(choice))

        def done(model: "ClipModel") -> None:
            self.loaded, self._segmenter = choice, None
            self._session.model = model

        return self._started(self._jobs.start("Load", steps, done=done, failed=self._fail, key=RUN))

    def run(
        self,
        subject: PlaneSource,
        choice: ModelChoice,
        extras: frozenset[Extra] = frozenset(),
        planes: Planes = Planes.SHOWN,
    ) -> Job:
        """Segment a subject, or all planes of its image, with the session's prompts and settings."""
        session = self._session
        prompts, settings = session.prompts, session.settings
        segmenter_before = self._segmenter
        loaded = session.model if self.loaded == choice else None
        subjects = planes_of(subject) if planes is Planes.ALL else (subject,)
        question = self._question()
        keys = {plane.key: Key(plane.key, choice, settings.encode_key()) for plane in subjects}
        found_before = {plane: self._kept.encoded(key) for plane, key in keys.items()}
        kept = {plane: encoded for plane, encoded in found_before.items() if encoded is not None}

        def steps() -> "Generator[Progress, None, tuple[Segmenter, PlanesResult]]":
            from napari_cliptrase.engine.segmenter import Segmenter

            model = loaded or (yield from _loaded(choice))
            segmenter = segmenter_before
            if segmenter is None or segmenter.model is not model or segmenter.settings != settings:
                segmenter = Segmenter(model, settings)
            found = yield from segment_planes(
                segmenter, subjects, subject, prompts, kept=kept, model_name=choice.name, extras=extras
            )
            return segmenter, found

        def done(outcome: "tuple[Segmenter, PlanesResult]") -> Generator[Progress, None, None]:
            self._segmenter, found = outcome
            self.loaded = choice
            session.model = self._segmenter.model
            self._kept.keep(keys[subject.key], found.encoded)
            run = yield from self._written_alone(found.results, session.output)
            self._extras = extras
            session.encoded = found.encoded
            for segmented in found.known:
                self._kept.remember(keys[segmented.subject.key], segmented, question)
            self._show(found.segmented, run, question)
            # there was time to go elsewhere
            if session.image is not None and session.image.unique_id != subject.target.image_id:
                self._on_image()
            elif planes is Planes.ALL:
                self._on_plane()

        self._timer.stop()
        self._jobs.cancel(SCORE)
        return self._started(self._jobs.start("Segment", steps, done=done, failed=self._fail, key=RUN))

    def score(self) -> Job | None:
        """Score the last encoding again with the session's prompts and settings; None when there is nothing to do."""
        session = self._session
        encoded, segmenter = session.encoded, self._segmenter
        prompts, settings = session.prompts, session.settings
        if encoded is None or segmenter is None or not prompts.classes or self._jobs.running(RUN):
            return None

        question = self._question()

        def steps() -> Generator[Progress, None, Segmented]:
            from napari_cliptrase.engine.pipeline import PlaneRequest, segment_plane_steps

            request = PlaneRequest(encoded.rgb, prompts, settings, encoded.encoding)
            response = yield from segment_plane_steps(segmenter, request)
            return Segmented(encoded.subject, response.segmentation, response.segmentation.summary())

        def done(segmented: Segmented) -> Generator[Progress, None, None] | None:
            return self._rescore(encoded, segmented, question) if session.encoded is encoded else None

        return self._started(self._jobs.start("Score", steps, done=done, failed=self._fail, key=SCORE))

    def unload(self) -> None:
        """Give the memory of the model and of all encodings back."""
        self._jobs.cancel()
        model = self._session.model
        self._kept.clear()
        self.loaded = self._segmenter = self._away = None
        self._session.encoded = None
        self._session.segmented = None
        self._session.model = None
        if model is not None:
            model.close()

    def is_kept(self, subject: PlaneSource, choice: ModelChoice) -> bool:
        """Whether a run needs no new encoding."""
        return Key(subject.key, choice, self._session.settings.encode_key()) in self._kept

    def set_extras(self, extras: frozenset[Extra]) -> Job | None:
        """Show other layers beside the labels of the shown result; None when there is none yet."""
        self._extras = extras
        session = self._session
        encoded, segmented = session.encoded, session.segmented
        if encoded is None or segmented is None:
            return None

        def steps() -> Generator[Progress, None, None]:
            yield Progress(0, 0, "Finding the regions")
            if Extra.REGIONS in extras:
                encoded.encoding.region_map()

        def done(_value: None) -> None:
            if session.encoded is encoded and session.segmented is not None:
                image = self._label_layers.image(encoded.subject.target)
                show_extras(session.viewer.layers, image, session.segmented, encoded, extras)

        return self._jobs.start("Show", steps, done=done, failed=self._fail, key="extras")

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

    def _question(self) -> Hashable:
        return scored_question(self._session.prompts), self._session.settings

    def _rescore(self, encoded: Encoded, segmented: Segmented, question: Hashable) -> Generator[Progress, None, None]:
        """Write new scores of what was encoded before, in the place of the scores before these."""
        session, output = self._session, self._session.output
        run = yield from self._written_alone([result_of(segmented, "New scores")], output, instead_of=self._live_run)
        if session.encoded is not encoded:  # there was time to go elsewhere
            return
        self._live_run = run
        self._show(segmented, run, question)

    def _written_alone(
        self, results: Sequence[PlaneResult], output: Output, instead_of: Run | None = None
    ) -> Generator[Progress, None, Run]:
        """Write results after those that are just being written: these were cancelled and take themselves back."""
        session = self._session
        while self._writing:
            yield Progress(0, 0, "Writing the layers")
        self._writing = True
        try:
            run = yield from self._label_layers.write_planes(
                results,
                output=output,
                mode=session.merge_mode,
                locked=session.locked,
                instead_of=instead_of,
            )
        finally:
            self._writing = False
        self.output = output
        return run

    def _on_written(self, run: Run) -> None:
        """Leave the last scores in place once something else was written over them: a region, a mask, a refinement."""
        if run is not self._live_run:
            self._live_run = None

    def _leave(self, _encoded: Encoded | None) -> None:
        """Another encoding is shown: the scores of the last one stay in their layers."""
        self._live_run = None

    def _show(self, segmented: Segmented, run: Run, question: Hashable) -> None:
        """Make a result that was written the one that everybody sees."""
        session = self._session
        encoded = session.encoded
        self._asked = question
        session.segmented = segmented
        if encoded is not None and self.loaded is not None:
            key = Key(encoded.subject.key, self.loaded, encoded.encoding.encode_settings)
            self._kept.remember(key, segmented, question)
        image = self._label_layers.image(segmented.subject.target)
        show_extras(session.viewer.layers, image, segmented, encoded, self._extras)
        for note in run.notes:
            notifications.show_info(note)
        self.written.emit(run)

    def _on_image(self, _image: Any = None) -> None:
        """Go with the choice of an image: back to what is known of it, or to nothing."""
        session = self._session
        image, subject = session.image, None
        if image is not None and self.loaded is not None:
            subject = self._kept.newest_of(image.unique_id, session.version_of(image), self.loaded)
        self._away = subject
        if image is None or subject is None:
            session.encoded = session.segmented = None
        else:
            self._go_to(on_plane_of(session.viewer, image, subject))

    def _on_plane(self, _event: Any = None) -> None:
        """Go with the viewer to another plane: back to what is known of it, or to nothing."""
        session = self._session
        here = session.encoded.subject if session.encoded is not None else self._away
        if here is None or session.image is None:
            return
        target = here.target
        if (target.image_id, target.version) != (session.image.unique_id, session.version_of(session.image)):
            return
        subject = on_plane_of(session.viewer, session.image, here)
        if session.encoded is None or subject.key != here.key:
            self._away = here
            self._go_to(subject)

    def _go_to(self, subject: PlaneSource) -> None:
        """Make what is known of a subject the shown result."""
        session = self._session
        key = self._kept.nearest(Key(subject.key, self.loaded, session.settings.encode_key()))
        encoded, scored = self._kept.encoded(key), self._kept.scored(key)
        if encoded is None or scored is None:
            session.encoded = session.segmented = None
            return
        self._asked = scored.question
        session.encoded, session.segmented = encoded, scored.segmented

    def _on_change(self, _new: Any = None) -> None:
        """Score again after a change that needs no new encoding and makes a difference to the labels."""
        session = self._session
        if not self._live or session.encoded is None or session.segmented is None:
            return
        if session.encoded.encoding.encode_settings != session.settings.encode_key():
            return
        if self._question() != self._asked or self._jobs.running(SCORE):
            self._timer.start()


def scored_question(prompts: PromptSet) -> Hashable:
    """What of a prompt set makes a difference to the labels: not the order, not the colours."""
    classes = frozenset((entry.id, entry.phrases, entry.threshold) for entry in prompts.classes)
    return classes, prompts.background


def _loaded(choice: ModelChoice) -> "Generator[Progress, None, ClipModel]":
    yield Progress(0, 0, f"Loading model {choice.name}")
    from napari_cliptrase.models import load_model_steps

    return (yield from load_model_steps(choice.name, choice.device, choice.precision))
