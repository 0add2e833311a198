"""From a plane to labels: encode, score, refine, limits, merge, provenance, notes.

    response = run_to_end(segment_plane_steps(segmenter, PlaneRequest(rgb, prompts)))
    again = run_to_end(segment_plane_steps(segmenter, PlaneRequest(rgb, other, encoding=response.encoding)))  # fast

    prepared = run_to_end(prepare_refiner_steps(refiner, rgb))
    refined = run_to_end(refine_plane_steps(prepared, RefineRequest(labels)))  # labels from anywhere

Commands, docks and batches differ only in where planes come from and where labels go. All of them go
through here. Requests and responses are frozen values that can be pickled, so another process can do the work; the
generators yield `Progress`, and closing one between two steps leaves everything as it was.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cliptrase.array_types import LabelArray, Mask, Rgb
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.cliptrase.options import Absent
from napari_cliptrase.engine.likeness import with_likeness
from napari_cliptrase.engine.provenance import with_refinement
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.merge import MergeMode, merge_labels
from napari_cliptrase.pixels.lazy_picture import LazyPicture
from napari_cliptrase.pixels.planes import PlaneBox
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.limits import Limits, apply_limits
from napari_cliptrase.refine.protocol import MaskRefiner

if TYPE_CHECKING:  # these import torch, which a refinement without a model does not need
    from napari_cliptrase.engine.encoding import Encoding
    from napari_cliptrase.engine.large_plane import CoreLabels
    from napari_cliptrase.engine.result import Segmentation
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.engine.window_cache import WindowCache


@dataclass(frozen=True, eq=False)
class Existing:
    """Existing labels, and what a new result may change in them (see `napari_cliptrase.merge`).

    Attributes
    ----------
    labels
        (H, W) integers, 0 for background.
    edited
        (H, W) pixels that were changed by hand; None counts every labelled pixel as one.
    mode
        What may be overwritten.
    locked
        Ids of classes that neither lose nor gain a pixel.
    """

    labels: LabelArray = field(repr=False)
    edited: Mask | None = field(default=None, repr=False)
    mode: MergeMode = MergeMode.KEEP_EDITS
    locked: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)
class PlaneRequest:
    """A plane to segment.

    Attributes
    ----------
    rgb
        (H, W, 3) uint8.
    prompts
        What to look for.
    settings
        Other settings than the segmenter's, of which only the score side counts.
    encoding
        Of the same picture, model and encode side of the settings, when it is known; nothing is encoded then.
    limits
        What a refinement may change.
    existing
        What the result is merged with.
    examples
        What people taught, made with the same model and encode settings; None means text alone.
    """

    rgb: Rgb = field(repr=False)
    prompts: PromptSet
    settings: Settings | None = None
    encoding: "Encoding | None" = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
    existing: Existing | None = None
    examples: LessonMemory | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class PlaneResponse:
    """The response to a `PlaneRequest`.

    Attributes
    ----------
    encoding
        For the next request on the same picture.
    segmentation
        Scores, refined labels, provenance and notes of this request alone.
    labels
        (H, W) labels after they were merged with what was there.
    """

    encoding: "Encoding" = field(repr=False)
    segmentation: "Segmentation"
    labels: LabelArray = field(repr=False)


@dataclass(frozen=True, eq=False)
class PreparedRefiner:
    """A refiner that knows the picture (H, W, 3) whose labels it gets next."""

    refiner: MaskRefiner


@dataclass(frozen=True, eq=False)
class RefineRequest:
    """Labels to sharpen, from any source.

    Attributes
    ----------
    labels
        (H, W) integers, 0 for background; they stay unchanged.
    scores
        Of the segmentation, when the labels come from one.
    limits
        Where and which classes may change.
    edited, locked
        (H, W) hand edits (None: none) and ids of classes that stay.
    provenance
        How the labels were made, as far as it is known.
    """

    labels: LabelArray = field(repr=False)
    scores: ClassScores | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
    edited: Mask | None = field(default=None, repr=False)
    locked: frozenset[int] = frozenset()
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, eq=False)
class RefineResponse:
    """(H, W) refined labels, how they were made, and what the user should know."""

    labels: LabelArray = field(repr=False)
    provenance: dict[str, Any] = field(repr=False)
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LargeRequest:
    """A plane of any size to segment: read window by window, labelled core by core.

    Attributes
    ----------
    picture
        The plane; only the windows that are needed are read.
    prompts
        What to look for.
    settings
        Other settings than the segmenter's, of which only the score side counts.
    box
        Rows and columns that are wanted; every core that touches them is labelled. None means the whole plane.
    finished
        Numbers of cores that are known already.
    skip_empty
        Leave out cores in which nothing can be seen.
    identity
        Says which pixels these are, so that a window that was encoded before need not even be read; None finds that out
        from the pixels.
    examples
        What people taught, made with the same model and encode settings; None means text alone.
    """

    picture: LazyPicture
    prompts: PromptSet
    settings: Settings | None = None
    box: PlaneBox | None = None
    finished: frozenset[int] = frozenset()
    skip_empty: bool = False
    identity: str | None = None
    examples: LessonMemory | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class LargeResponse:
    """How the labels of a `LargeRequest` were made, what the user should know, and the cores that were left empty."""

    provenance: dict[str, Any] = field(repr=False)
    notes: tuple[str, ...]
    empty: frozenset[int] = frozenset()


def encode_plane_steps(
    segmenter: "Segmenter", rgb: Rgb, *, once: bool = False
) -> Generator[Progress, None, "Encoding"]:
    """Encode a plane (H, W, 3) uint8 that nothing is looked for in yet.

    ``once``: it will be scored with the segmenter's own settings alone, so what only others need is left out.
    """
    attention = not once or segmenter.settings.absent is Absent.PURIFY
    return (yield from segmenter.encode_steps(rgb, attention=attention))


def segment_plane_steps(
    segmenter: "Segmenter", request: PlaneRequest, refiner: MaskRefiner | None = None
) -> Generator[Progress, None, PlaneResponse]:
    """Segment a plane, and sharpen the result when there is a refiner."""
    encoding, segmentation = yield from _scored_steps(segmenter, request)
    return (yield from _finished_steps(segmenter, request, encoding, segmentation, refiner))


def _scored_steps(
    segmenter: "Segmenter", request: PlaneRequest
) -> "Generator[Progress, None, tuple[Encoding, Segmentation]]":
    encoding = request.encoding
    if encoding is None:
        encoding = yield from encode_plane_steps(segmenter, request.rgb)
    yield Progress(0, 0, "Scoring the classes")
    segmentation = yield from segmenter.segment_steps(encoding, request.prompts, request.settings, request.examples)
    return encoding, segmentation


def _finished_steps(
    segmenter: "Segmenter",
    request: PlaneRequest,
    encoding: "Encoding",
    segmentation: "Segmentation",
    refiner: MaskRefiner | None,
) -> Generator[Progress, None, PlaneResponse]:
    """Sharpen what was found in a plane, and merge it with what was there."""
    if refiner is not None:
        prepared = yield from prepare_refiner_steps(refiner, segmenter.picture(request.rgb))
        refined = yield from refine_plane_steps(
            prepared,
            RefineRequest(
                segmentation.labels,
                with_likeness(segmentation.scores, encoding),
                request.limits,
                provenance=segmentation.provenance,
            ),
        )
        segmentation = replace(
            segmentation,
            labels=refined.labels,
            provenance=refined.provenance,
            notes=(*segmentation.notes, *refined.notes),
        )
    return PlaneResponse(encoding, segmentation, _merged(segmentation.labels, request.existing))


def segment_stack_steps(
    segmenter: "Segmenter",
    requests: Iterable[PlaneRequest],
    receive: Callable[[int, PlaneResponse], object],
    smoothing: float = 0.0,
    refiner: MaskRefiner | None = None,
) -> Generator[Progress, None, None]:
    """Segment neighbouring planes of a stack or film in order; ``receive`` gets the number of each and its response.

    ``smoothing`` is the share (0 to 1) of the planes before and after in the scores of each plane, so that what is the
    same in both is less likely to change its class; a plane is handed over once the next one is known. A refiner
    sharpens the smoothed labels.
    """
    from napari_cliptrase.engine.plane_smoothing import smooth_plane

    if not 0 <= smoothing <= 1:
        raise CliptraseError(f"The share of neighbouring planes is {smoothing:g}; give a number from 0 to 1.")
    before: Segmentation | None = None
    this: tuple[int, PlaneRequest, Encoding, Segmentation] | None = None
    for number, request in enumerate(chain(requests, [None])):
        after = None if request is None else (yield from _scored_steps(segmenter, request))
        if this is not None:
            place, asked, encoding, own = this
            beside = [other for other in (before, None if after is None else after[1]) if other is not None]
            settings = segmenter.settings.with_scoring_of(asked.settings or segmenter.settings)
            smooth = smooth_plane(encoding, own, beside, settings, smoothing)
            receive(place, (yield from _finished_steps(segmenter, asked, encoding, smooth, refiner)))
            before = own
            del this, encoding, asked  # no more than two encodings at a time
        this = None if request is None or after is None else (number, request, *after)


def segment_large_steps(
    segmenter: "Segmenter",
    request: LargeRequest,
    receive: "Callable[[CoreLabels], None]",
    cache: "WindowCache | None" = None,
) -> Generator[Progress, None, LargeResponse]:
    """Segment a plane of any size; ``receive`` gets the labels of each core as soon as they are known.

    Stopping between two steps loses nothing of what was received. The same pixels get the same labels, to the bit,
    whatever box is asked for. ``cache`` keeps encoded windows for the next request.
    """
    from napari_cliptrase.engine.large_plane import CoreScorer, WindowReader, empty_cores, label_cores
    from napari_cliptrase.engine.notes import no_background_note, silent_note
    from napari_cliptrase.engine.window_cache import WindowCache

    settings = segmenter.settings.with_scoring_of(request.settings or segmenter.settings)
    settings = replace(settings, texture=False)  # windows are kept without their pixels
    plan = segmenter.plan_large(request.picture.shape)
    meant = yield from segmenter.understand_steps(request.prompts, settings, request.examples)
    cores = plan.cores_in(request.box, request.finished)
    empty: frozenset[int] = frozenset()
    if request.skip_empty:
        empty = yield from empty_cores(request.picture, plan, cores)
    wanted = [number for number in cores if number not in empty]
    kept = WindowCache(0) if cache is None else cache
    reader = WindowReader(request.picture, plan, segmenter.model, segmenter.settings, kept, request.identity)
    scorer = CoreScorer(plan, meant.phrases, request.prompts, settings, meant.scale)
    yield from label_cores(reader, scorer, wanted, receive)
    record = segmenter.record(
        settings, request.prompts, image=request.identity or "", windows=plan.record(), examples=meant.examples
    )
    silent = silent_note(request.prompts, meant.phrases.silent)
    notes = (*meant.notes, *silent, *no_background_note(request.prompts, settings.threshold))
    if settings.absent is not Absent.OFF:
        notes = (*notes, "Absent classes are not looked for in large images, since no window shows the whole of one.")
    return LargeResponse(record, notes, empty)


def prepare_refiner_steps(refiner: MaskRefiner, rgb: Rgb) -> Generator[Progress, None, PreparedRefiner]:
    """Let a refiner look at a picture (H, W, 3) uint8, once for all labels of it."""
    yield from refiner.prepare_steps(rgb)
    return PreparedRefiner(refiner)


def refine_plane_steps(prepared: PreparedRefiner, request: RefineRequest) -> Generator[Progress, None, RefineResponse]:
    """Sharpen labels of the prepared picture; limits, hand edits and locked classes are kept."""
    refined = yield from prepared.refiner.refine_steps(request.labels, request.scores)
    labels = apply_limits(
        request.labels, refined.labels, request.limits, edited=request.edited, locked_ids=request.locked
    )
    record = {**prepared.refiner.record(), **request.limits.record()}
    return RefineResponse(labels, with_refinement(request.provenance, record), refined.notes)


def _merged(proposed: LabelArray, existing: Existing | None) -> LabelArray:
    if existing is None:
        return proposed
    current = existing.labels.astype(np.promote_types(existing.labels.dtype, proposed.dtype), copy=False)
    return merge_labels(current, proposed, mode=existing.mode, edited=existing.edited, locked_ids=existing.locked)
