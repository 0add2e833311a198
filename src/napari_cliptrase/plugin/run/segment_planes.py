"""Segment planes of an image one after another: what a worker does for a run.

Most planes keep only their labels: an encoding takes many times the memory of its picture, and a stack has many planes.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_cliptrase.array_types import PlaneIndex, Rgb
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.pipeline import PlaneRequest, PlaneResponse, segment_plane_steps
from napari_cliptrase.engine.plane_rows import segment_rows_steps
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.plugin.layers import Extra, PlaneResult
from napari_cliptrase.plugin.layers.warm_up import get_ready
from napari_cliptrase.plugin.state.plane_source import PlaneSource
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.progress import Progress, map_progress, time_left

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter

_Keep: TypeAlias = Callable[[PlaneSource, Rgb, PlaneResponse], None]

PARTS = 100
"""Into how many parts the progress of one of several planes is divided."""


@dataclass(eq=False)
class PlanesResult:
    """What a run has found so far; a run that is stopped leaves it, too.

    Attributes
    ----------
    encoded, segmented
        The encoding and the segmentation of the plane that was shown, where it is among the planes.
    results
        The labels of the planes, in order.
    reused
        The segmentations of the other planes whose encodings came from the cache.
    """

    encoded: Encoded | None = None
    segmented: Segmented | None = None
    results: list[PlaneResult] = field(default_factory=list)
    reused: list[Segmented] = field(default_factory=list)


def result_of(segmented: Segmented, title: str) -> PlaneResult:
    """Return what is written to layers; it does not hold the scores, which take much memory."""
    segmentation = segmented.segmentation
    return PlaneResult(
        segmented.source.target, segmentation.labels, segmentation.classes, segmentation.provenance, title
    )


def segment_planes(
    segmenter: "Segmenter",
    planes: Sequence[PlaneSource],
    shown: PlaneSource,
    prompts: PromptSet,
    *,
    cached: Mapping[Any, Encoded],
    model_name: str,
    extras: frozenset[Extra] = frozenset(),
    examples: LessonMemory | None = None,
    found: PlanesResult | None = None,
    smoothing: float = 0.0,
) -> Generator[Progress, None, PlanesResult]:
    """Segment planes of an image; ``cached`` has encodings by `PlaneSource.key`, and ``found`` is filled and returned.

    What was found of a plane is in ``found`` as soon as the plane is done, so that a run that is stopped can use it.
    ``smoothing`` is the share (0 to 1) of the planes beside it in the scores of each plane.
    """
    found = PlanesResult() if found is None else found
    begun = time.monotonic()

    def keep(plane: PlaneSource, rgb: Rgb, response: PlaneResponse) -> None:
        known = cached.get(plane.key)
        encoded = known or Encoded(plane, rgb, response.encoding, model_name)
        segmented = Segmented(plane, response.segmentation, response.segmentation.summary())
        if plane.key == shown.key:
            found.encoded, found.segmented = encoded, segmented
        elif known is not None:
            found.reused.append(segmented)
        found.results.append(result_of(segmented, "Segment"))

    yield Progress(0, 0, "Getting the label layers ready")
    get_ready(prompts.table())
    if smoothing and len(planes) > 1:

        def ask(plane: PlaneSource) -> PlaneRequest:
            return _request(plane, prompts, cached.get(plane.key), examples)

        yield from _smooth_steps(segmenter, planes, ask, keep, smoothing, begun)
    else:
        for number, plane in enumerate(planes):
            steps = _plane_steps(segmenter, plane, prompts, cached.get(plane.key), examples, keep)
            yield from steps if len(planes) == 1 else map_progress(steps, _OfAll(number, len(planes), begun))
    if Extra.REGIONS in extras and found.encoded is not None:
        found.encoded.encoding.region_map()
    return found


def _plane_steps(
    segmenter: "Segmenter",
    source: PlaneSource,
    prompts: PromptSet,
    cached: Encoded | None,
    examples: LessonMemory | None,
    keep: _Keep,
) -> Generator[Progress, None, None]:
    """Encode one plane, unless its encoding is cached, and score the classes."""
    if cached is None:
        yield Progress(0, 0, f"Reading {source.target.image_name}")
    request = _request(source, prompts, cached, examples)
    keep(source, request.rgb, (yield from segment_plane_steps(segmenter, request)))


def _smooth_steps(
    segmenter: "Segmenter",
    planes: Sequence[PlaneSource],
    ask: Callable[[PlaneSource], PlaneRequest],
    keep: _Keep,
    smoothing: float,
    begun: float,
) -> Generator[Progress, None, None]:
    """Segment planes with scores that are smoothed along rows of neighbours."""
    sources = {plane.index: plane for plane in planes}
    numbers = {index: number for number, index in enumerate(sources)}
    of_all = _OfAll(0, len(planes), begun)

    def ask_next(index: PlaneIndex) -> PlaneRequest:
        nonlocal of_all
        of_all = _OfAll(numbers[index], len(planes), begun)
        return ask(sources[index])

    def receive(index: PlaneIndex, request: PlaneRequest, response: PlaneResponse) -> None:
        keep(sources[index], request.rgb, response)

    steps = segment_rows_steps(segmenter, list(sources), ask_next, receive, smoothing)
    yield from map_progress(steps, lambda progress: of_all(progress))


def _request(
    source: PlaneSource, prompts: PromptSet, cached: Encoded | None, examples: LessonMemory | None
) -> PlaneRequest:
    """Read a plane, unless its encoding is cached. Slow for data on disk."""
    if cached is None:
        return PlaneRequest(source.rgb(), prompts, examples=examples)
    return PlaneRequest(cached.rgb, prompts, encoding=cached.encoding, examples=examples)


class _OfAll:
    """Turns the progress of plane ``number`` of ``count`` into that of all planes; the bar never goes back."""

    def __init__(self, number: int, count: int, begun: float) -> None:
        self._left = time_left(begun, number, count)
        self._number = number
        self._count = count
        self._done = 0

    def __call__(self, progress: Progress) -> Progress:
        if progress.total:
            self._done = max(self._done, round(PARTS * progress.done / progress.total))
        number, count, text = self._number, self._count, progress.text[:1].lower() + progress.text[1:]
        return Progress(
            number * PARTS + self._done, count * PARTS, f"plane {number + 1} of {count}: {text}{self._left}"
        )
