"""A large image on disk to labels on disk: what it will take, the run itself, and how it goes on after a stop."""

import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from napari_cliptrase.array_types import Mask
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.vote import UnsignedLabels
from napari_cliptrase.engine.core_plan import CorePlan
from napari_cliptrase.engine.large_plane import CoreLabels, WindowReader
from napari_cliptrase.engine.pipeline import LargeRequest, LargeResponse, segment_large_steps
from napari_cliptrase.engine.plan import plan_encoding
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.engine.window_cache import WindowCache
from napari_cliptrase.engine.window_cost import WindowCost, measure_window
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.free_memory import free_memory
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.masks.label_pyramid import LabelPyramid, PyramidPlace, finished_cores, start_pyramid
from napari_cliptrase.pixels.planes import PlaneBox
from napari_cliptrase.pixels.windows import Window
from napari_cliptrase.progress import Progress, duration

_COARSER_LEVELS = 4 / 3
_SHRUNK = 20
"""Labels take this part of their size on disk, or less: they are the same over large areas."""


@dataclass(frozen=True)
class LargeEstimate:
    """What a run over a large plane will take.

    Attributes
    ----------
    windows
        Windows that have to be encoded.
    seconds
        From the time of a few windows on this machine.
    memory
        Bytes of memory, besides the model.
    disk
        Bytes on disk: about, and at most.
    """

    windows: int
    seconds: float
    memory: int
    disk: tuple[int, int]

    def describe(self) -> str:
        """Return it in one sentence."""
        about, most = self.disk
        return (
            f"{self.windows:,} windows, about {duration(self.seconds)} on this machine, {_size(self.memory)} of "
            f"memory, about {_size(about)} on disk (at most {_size(most)})"
        )


def estimate_large(
    segmenter: Segmenter, plan: CorePlan, cores: Sequence[int], known: Collection[int] = ()
) -> LargeEstimate:
    """Time a few windows, and count what the labels of some cores will take; ``known`` windows are in memory already.

    Where all windows are known, none is timed.
    """
    needed = [number for number in plan.needed(cores) if number not in known]
    windows = plan.windows
    patch = segmenter.model.vision.patch
    size = windows.size[0] * patch, windows.size[1] * patch
    cost = measure_window(segmenter.model, plan, segmenter.settings) if needed else WindowCost(0.0, 0)
    across = len(windows.starts[1])
    deep = -(-windows.size[0] // (windows.step or windows.size)[0]) + 1
    held = min(len(needed), across * deep) * cost.nbytes
    one = plan_encoding(size, segmenter.model.vision, Settings(resolution=min(size), window=max(size)))
    core = plan.core(0).shape
    _, extent = windows.owned(0, plan.shape)
    reading = 6 * 3 * extent.shape[0] * extent.shape[1]
    area = sum(plan.core(number).shape[0] * plan.core(number).shape[1] for number in cores)
    most = int(area * _COARSER_LEVELS)
    memory = held + one.peak_bytes + reading + 24 * core[0] * core[1]
    return LargeEstimate(len(needed), cost.seconds * len(needed), memory, (most // _SHRUNK, most))


def refuse_large(estimate: LargeEstimate, folder: Path) -> None:
    """Raise a sentence with advice when a run cannot fit into the memory or on the disk of ``folder``."""
    free = free_memory()
    if free is not None and estimate.memory > free:
        raise CliptraseError(
            f"The windows need {_size(estimate.memory)} of memory and {_size(free)} are free; choose detail full, "
            "whose windows are small, or close other programs."
        )
    while not folder.exists():
        folder = folder.parent
    left = shutil.disk_usage(folder).free
    if estimate.disk[0] > left:
        raise CliptraseError(
            f"The labels need about {_size(estimate.disk[0])} and {_size(left)} are free on the disk of {folder}; "
            "write them to another disk, or choose a coarser level."
        )


@dataclass(frozen=True, eq=False)
class LargeRun:
    """A plane that is segmented into a pyramid on disk.

    Attributes
    ----------
    segmenter, request
        What is done; the cores that the pyramid knows are left out.
    pyramid
        Where labels go.
    cache
        Where encoded windows are kept for the next run.
    mask
        (h, w) pixels of the request's box that get labels; None: all of the box.
    on_core
        Is called with what was written of each core.
    """

    segmenter: Segmenter
    request: LargeRequest
    pyramid: LabelPyramid
    cache: WindowCache | None = field(default=None)
    mask: Mask | None = field(default=None, repr=False)
    on_core: Callable[[CoreLabels], object] | None = field(default=None, repr=False)

    def steps(self) -> Generator[Progress, None, LargeResponse]:
        """Segment what is not finished; stopping between two steps keeps every core that was written."""
        response = yield from segment_large_steps(self.segmenter, self.request, self.receive, self.cache)
        if response.empty:
            self.pyramid.note_empty(*sorted(response.empty))
        yield from self.pyramid.finish(response.provenance)
        return response

    def receive(self, core: CoreLabels) -> None:
        """Write the labels of a core, as far as they are wanted."""
        wanted = replace(core, labels=self._wanted(core))
        self.pyramid.write(wanted.number, wanted.rows, wanted.columns, wanted.labels)
        if self.on_core is not None:
            self.on_core(wanted)

    def _wanted(self, core: CoreLabels) -> UnsignedLabels:
        """(h, w) labels of a core, 0 outside of the box and the mask."""
        box = self.request.box
        if box is None:
            return core.labels
        wanted = np.zeros(core.labels.shape, bool)
        whole, limit = Window.of((core.rows, core.columns)), Window.of(box)
        inner = whole.overlap(limit)
        wanted[inner.within(whole)] = True if self.mask is None else self.mask[inner.within(limit)]
        return np.where(wanted, core.labels, np.zeros((), core.labels.dtype))


@dataclass(frozen=True, eq=False)
class PreparedLargeRun:
    """A run that fits into memory and on the disk: the cores that are left to do, and what they will take."""

    run: LargeRun
    cores: Sequence[int]
    expected: LargeEstimate


def prepare_large_run(
    segmenter: Segmenter,
    request: LargeRequest,
    source: str,
    place_for: Callable[[str], PyramidPlace],
    *,
    overwrite: bool = False,
    cache: WindowCache | None = None,
    mask: Mask | None = None,
    on_core: Callable[[CoreLabels], object] | None = None,
) -> PreparedLargeRun:
    """Begin the labels of a plane, or go on with those of an unfinished run.

    What cannot fit is refused before anything is written or replaced.

    Parameters
    ----------
    request
        What is wanted; the cores that are finished are filled in.
    source
        Says which plane of which image this is, for the key of the run.
    place_for
        Where labels go, from the key of the run; the size of its cores is filled in.
    overwrite
        Replace labels that are there.
    cache, mask, on_core
        See `LargeRun`.
    """
    prompts, shape = request.prompts, request.picture.shape
    plan = segmenter.plan_large(shape)
    key = run_key(segmenter, prompts, source, request.box, skip_empty=request.skip_empty, examples=request.examples)
    place = replace(place_for(key), core=plan.windows.core_shape(shape))
    cores = plan.cores_in(request.box, finished_cores(place, key, overwrite=overwrite))
    expected = estimate_large(segmenter, plan, cores, _known(segmenter, request, plan, cores, cache))
    refuse_large(expected, place.root)
    pyramid = start_pyramid(place, prompts.table(), key, overwrite=overwrite)
    run = LargeRun(segmenter, replace(request, finished=pyramid.finished), pyramid, cache, mask, on_core)
    return PreparedLargeRun(run, cores, expected)


def _known(
    segmenter: Segmenter, request: LargeRequest, plan: CorePlan, cores: Sequence[int], cache: WindowCache | None
) -> frozenset[int]:
    """Return the windows of cores that need no encoding."""
    if cache is None:
        return frozenset()
    reader = WindowReader(request.picture, plan, segmenter.model, segmenter.settings, cache, request.identity)
    return frozenset(number for number in plan.needed(cores) if reader.knows(number))


def run_key(
    segmenter: Segmenter,
    prompts: PromptSet,
    source: str,
    box: PlaneBox | None = None,
    *,
    skip_empty: bool = False,
    examples: LessonMemory | None = None,
) -> str:
    """Return what tells two runs apart: what is computed from what."""
    model, settings = segmenter.model, segmenter.settings
    where = None if box is None else [[part.start, part.stop] for part in box]
    parts = [model.name, model.fingerprint, settings.to_json(), prompts.to_json(), source, where, skip_empty]
    if examples is not None and examples.lessons:
        parts.append(examples.sha256)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _size(nbytes: int) -> str:
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{max(1, round(nbytes / 1e6))} MB"
