"""From *Run* to layers: load the model, encode, score, write; and score again whenever a prompt changes.

Reading pixels, loading, encoding and scoring happen in a worker; layers are written when it is done, if the image is
still there and unchanged. Encodings are kept, so that going back to a plane or a model costs no new one.
"""

from collections import OrderedDict
from collections.abc import Generator, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.utils import notifications
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.jobs import Job, Report
from napari_cliptrase.plugin.layers import Extra, Run, show_extras, write_planes
from napari_cliptrase.plugin.plane_steps import Found, find_steps, result_of
from napari_cliptrase.plugin.session import Encoded, Segmented, Session
from napari_cliptrase.plugin.subject import Planes, Subject, on_plane_of, planes_of
from napari_cliptrase.progress import Progress
from napari_cliptrase.prompts import PromptSet
from napari_cliptrase.settings import Settings

if TYPE_CHECKING:
    from napari_cliptrase.models.load import ClipModel
    from napari_cliptrase.segmenter import Segmenter

RUN = "segment"
SCORE = "score"
QUIET_TIME = 150
"""Milliseconds without a change before the scores are computed again."""

MOST_KEPT = 1 << 30
"""Bytes of encodings and pictures that are kept."""


@dataclass(frozen=True)
class ModelChoice:
    """Which model, where, and with which numbers."""

    name: str = "demo"
    device: str = "auto"
    precision: str = "auto"


class SegmentFlow:
    """Runs segmentations for a session.

    Signals: ``started(job)``; ``written(run)`` after layers were written; ``failed(error)``; ``ended()`` always.
    """

    started = Signal(object)
    written = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: OrderedDict[Hashable, Encoded] = OrderedDict()
        self._results: dict[Hashable, Segmented] = {}
        self.loaded: ModelChoice | None = None
        """The choice that the loaded model came from."""
        self._segmenter: Segmenter | None = None
        self._live_run: Run | None = None
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_TIME)
        self._timer.timeout.connect(self.score)
        self._asked: Hashable = None
        self._extras: frozenset[Extra] = frozenset()
        self._away: Encoded | None = None
        self.live = True
        session.viewer.dims.events.current_step.connect(self._on_plane)
        session.prompts_changed.connect(self._on_change)
        session.settings_changed.connect(self._on_change)
        session.layers.written.connect(self._on_written)

    # -- running ------------------------------------------------------------------------------------------------------

    def load(self, choice: ModelChoice) -> Job:
        """Load a model, after a download if need be."""

        def steps(report: Report) -> "Generator[Progress, None, ClipModel]":
            return (yield from _loaded(choice, report))

        def done(model: "ClipModel") -> None:
            self.loaded, self._segmenter = choice, None
            self._session.model = model

        return self._started(self._session.jobs.start("Load", steps, done=done, failed=self._fail, key=RUN))

    def run(
        self,
        subject: Subject,
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
        keys = {plane.key: (plane.key, choice, settings.encode_key()) for plane in subjects}
        kept = {plane: self._kept[key] for plane, key in keys.items() if key in self._kept}

        def steps(report: Report) -> "Generator[Progress, None, tuple[Segmenter, Found]]":
            from napari_cliptrase.segmenter import Segmenter

            model = loaded or (yield from _loaded(choice, report))
            segmenter = segmenter_before
            if segmenter is None or segmenter.model is not model or segmenter.settings != settings:
                segmenter = Segmenter(model, settings)
            found = yield from find_steps(
                segmenter, subjects, subject, prompts, kept=kept, model_name=choice.name, extras=extras
            )
            return segmenter, found

        def done(outcome: "tuple[Segmenter, Found]") -> Generator[Progress, None, None]:
            self._segmenter, found = outcome
            self.loaded = choice
            session.model = self._segmenter.model
            self._keep(keys[subject.key], found.encoded)
            self._live_run = None
            run = yield from write_planes(
                session.layers,
                found.results,
                output=session.output,
                mode=session.merge_mode,
                locked=session.locked,
            )
            self._extras = extras
            session.encoded = found.encoded
            for segmented in found.known:
                self._results[keys[segmented.subject.key]] = segmented
            self._show(found.segmented, run)
            if planes is Planes.ALL:
                self._on_plane()  # there was time to go elsewhere
            self._on_change(session.prompts)

        self._timer.stop()
        self._asked = asked(prompts)
        session.jobs.cancel(SCORE)
        return self._started(session.jobs.start("Segment", steps, done=done, failed=self._fail, key=RUN))

    def score(self) -> Job | None:
        """Score the last encoding again with the session's prompts and settings; None when there is nothing to do."""
        session = self._session
        encoded, segmenter = session.encoded, self._segmenter
        prompts, settings = session.prompts, session.settings
        if encoded is None or segmenter is None or not prompts.classes or session.jobs.running(RUN):
            return None

        self._asked = asked(prompts)

        def steps(_report: Report) -> Generator[Progress, None, Segmented]:
            yield Progress(0, 0, "Scoring the classes")
            segmentation = yield from segmenter.segment_steps(encoded.encoding, prompts, settings)
            return Segmented(encoded.subject, segmentation, segmentation.summary())

        def done(segmented: Segmented) -> None:
            if session.encoded is encoded:
                self._rescore(segmented)

        return self._started(session.jobs.start("Score", steps, done=done, failed=self._fail, key=SCORE))

    def unload(self) -> None:
        """Give the memory of the model and of all encodings back."""
        self._session.jobs.cancel()
        model = self._session.model
        self._kept.clear()
        self._results.clear()
        self.loaded = self._segmenter = None
        self._session.encoded = None
        self._session.segmented = None
        self._session.model = None
        if model is not None:
            model.close()

    def is_kept(self, subject: Subject, choice: ModelChoice) -> bool:
        """Whether a run needs no new encoding."""
        return (subject.key, choice, self._session.settings.encode_key()) in self._kept

    # -- parts --------------------------------------------------------------------------------------------------------

    def _started(self, job: Job) -> Job:
        job.finished.connect(self._end)
        self.started.emit(job)
        return job

    def _end(self) -> None:
        self.ended.emit()

    def _fail(self, error: CliptraseError) -> None:
        self.failed.emit(error)
        notifications.show_warning(str(error))

    def _rescore(self, segmented: Segmented) -> None:
        """Write new scores of what was encoded before, in the place of the scores before these."""
        session = self._session
        self._live_run = session.layers.write(
            result_of(segmented, "New scores"),
            output=session.output,
            mode=session.merge_mode,
            locked=session.locked,
            instead_of=self._live_run,
        )
        self._show(segmented, self._live_run)

    def _on_written(self, run: Run) -> None:
        """Leave the last scores in place once something else was written over them: a region, a mask, a refinement."""
        if run is not self._live_run:
            self._live_run = None

    def _show(self, segmented: Segmented, run: Run) -> None:
        """Make a result that was written the one that everybody sees."""
        session = self._session
        session.segmented = segmented
        if session.encoded is not None and self.loaded is not None:
            self._results[session.encoded.subject.key, self.loaded, session.settings.encode_key()] = segmented
        image = session.layers.image(segmented.subject.target)
        show_extras(session.viewer.layers, image, segmented, session.encoded, self._extras)
        for note in run.notes:
            notifications.show_info(note)
        self.written.emit(run)

    def _keep(self, key: Hashable, encoded: Encoded) -> None:
        self._kept[key] = encoded
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > MOST_KEPT:
            gone, _ = self._kept.popitem(last=False)
            self._results.pop(gone, None)

    def _on_plane(self, _event: Any = None) -> None:
        """Go with the viewer to another plane: back to what is known of it, or to nothing."""
        session = self._session
        encoded = session.encoded or self._away
        if encoded is None or self.loaded is None or session.image is None:
            return
        target = encoded.subject.target
        if (target.image_id, target.version) != (session.image.unique_id, session.version_of(session.image)):
            return
        subject = on_plane_of(session.viewer, session.image, encoded.subject)
        if session.encoded is not None and subject.key == encoded.subject.key:
            return
        key = (subject.key, self.loaded, session.settings.encode_key())
        self._away = encoded
        session.encoded = self._kept.get(key)
        session.segmented = self._results.get(key) if session.encoded is not None else None

    def _on_change(self, new: PromptSet | Settings) -> None:
        """Score again after a change that needs no new encoding and makes a difference to the labels."""
        session = self._session
        if not self.live or session.encoded is None or session.segmented is None:
            return
        if session.encoded.encoding.encode_settings != session.settings.encode_key():
            return
        if isinstance(new, PromptSet) and asked(new) == self._asked:
            return
        self._timer.start()


def asked(prompts: PromptSet) -> Hashable:
    """What of a prompt set makes a difference to the labels: not the order, not the colours."""
    classes = frozenset((entry.id, entry.phrases, entry.threshold) for entry in prompts.classes)
    return classes, prompts.background


def _loaded(choice: ModelChoice, report: Report) -> "Generator[Progress, None, ClipModel]":
    yield Progress(0, 0, f"Loading model {choice.name}")
    from napari_cliptrase.models import load_model

    return load_model(
        choice.name, choice.device, choice.precision, progress=report.progress, cancelled=report.cancelled
    )


def _size(encoded: Encoded) -> int:
    return int(encoded.encoding.nbytes + encoded.rgb.nbytes)
