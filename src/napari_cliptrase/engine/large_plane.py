"""A plane of any size to labels, core by core: windows are read, encoded and scored as they come.

Nothing of the size of the plane is ever made. The windows are fixed to the plane, each one is encoded alone, and the
labels of a core depend on the windows over it and nothing else: the same pixels get the same labels, to the bit,
whatever part of the plane is asked for.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.encoder import Patches
from napari_cliptrase.cliptrase.upsample import Part
from napari_cliptrase.cliptrase.vote import UnsignedLabels, pooling
from napari_cliptrase.engine.core_plan import CorePlan
from napari_cliptrase.engine.encode import unit_rows
from napari_cliptrase.engine.score import EmbeddedPhrases, assign, score_patches, to_ids
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.engine.window_cache import WindowCache, window_key
from napari_cliptrase.engine.window_code import WindowCode, encode_window, make_code
from napari_cliptrase.engine.window_threads import thread_count, window_threads
from napari_cliptrase.pixels.empty_parts import is_empty
from napari_cliptrase.pixels.lazy_picture import LazyPicture
from napari_cliptrase.progress import Progress, time_left

if TYPE_CHECKING:
    from napari_cliptrase.models.loaded_models import ClipModel

_KNOWN_AFTER: Final = 3
"""After so many windows it is known how long the rest takes."""
_AHEAD: Final = 4
"""Windows that wait for a thread, so that none is idle."""


@dataclass(frozen=True, eq=False)
class CoreLabels:
    """Labels of one core.

    Attributes
    ----------
    number
        Of the core in its plan.
    rows, columns
        Its pixels in the plane.
    labels
        (h, w) label values, 0 for background.
    """

    number: int
    rows: slice
    columns: slice
    labels: UnsignedLabels = field(repr=False)


Receive = Callable[[CoreLabels], None]


@dataclass(frozen=True, eq=False)
class CoreScorer:
    """From windows to the labels of a core."""

    plan: CorePlan
    phrases: EmbeddedPhrases
    prompts: PromptSet
    settings: Settings
    scale: float

    def labels(self, number: int, codes: dict[int, WindowCode]) -> CoreLabels:
        """Return the labels of a core from the windows over it."""
        core = self.plan.core(number)
        cells = self.plan.cells(core)
        features = self._blend(number, codes)
        rows = features.reshape(-1, features.shape[2])
        patches = _CorePatches(rows, cells.shape, codes[number].cls.astype(np.float32), core.shape)
        part = Part.of(self.plan.shape, self.plan.windows.grid, core.index, cells.index)
        scored = score_patches(patches, self.phrases, self.prompts, self.settings, self.scale, part)
        regional = _CoreRegions(codes[number].region_map(), cells.shape, part)
        indices = assign(scored, regional, self.settings.vote, self.settings.protect)
        return CoreLabels(number, *core.index, to_ids(indices, self.phrases.ids))

    def _blend(self, number: int, codes: dict[int, WindowCode]) -> Floats:
        """(h, w, d) unit features of the patches of a core, blended where windows overlap."""
        windows = self.plan.windows
        cells = self.plan.cells(self.plan.core(number))
        over = self.plan.windows_of(number)
        weight = windows.weight()[:, :, None]
        blended = np.zeros((*cells.shape, codes[number].features.shape[2]), np.float32)
        for other in over:
            window = windows.windows[other]
            shared = window.overlap(cells)
            here, there = shared.within(cells), shared.within(window)
            blended[here] += codes[other].features[there].astype(np.float32) * weight[there]
        return unit_rows(blended)


@dataclass(frozen=True, eq=False)
class _CorePatches:
    features: Floats
    grid: tuple[int, int]
    cls: Floats
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class _CoreRegions:
    regions: NDArray[np.int32]
    grid: tuple[int, int]
    part: Part

    def region_map(self) -> NDArray[np.int32]:
        return self.regions

    def region_weights(self) -> NDArray[np.float32]:
        return pooling(self.regions, self.grid, self.part)


@dataclass(frozen=True, eq=False)
class WindowReader:
    """Reads windows of a plane, and knows those that were encoded before.

    Attributes
    ----------
    identity
        Says which pixels these are, so that a window that was encoded before need not be read; None finds that out
        from the pixels of each window.
    """

    picture: LazyPicture
    plan: CorePlan
    model: "ClipModel"
    settings: Settings
    cache: WindowCache
    identity: str | None = None

    def read(self, number: int) -> tuple[str, WindowCode | NDArray[np.uint8]]:
        """Return the key of a window, and the window itself or its pixels (h, w, 3)."""
        if self.identity is not None:
            key = self._identified_key(self.identity, number)
            if (known := self.cache.get(key)) is not None:
                return key, known
        patch = self.model.vision.patch
        rows, columns = self.plan.windows.size
        pixels = self.picture.read_resized(self.plan.pixels(number), (rows * patch, columns * patch))
        if self.identity is not None:
            return key, pixels
        key = self._key(pixels, number)
        return key, known if (known := self.cache.get(key)) is not None else pixels

    def knows(self, number: int) -> bool:
        """Whether a window was encoded before, as far as that can be said without its pixels."""
        return self.identity is not None and self._identified_key(self.identity, number) in self.cache

    def _identified_key(self, identity: str, number: int) -> str:
        return self._key(np.frombuffer(identity.encode(), np.uint8), number)

    def _key(self, about: NDArray[np.uint8], number: int) -> str:
        owned, extent = self.plan.windows.owned(number, self.plan.shape)
        inside = [(part.start, part.stop) for part in owned.within(extent)]
        place = [number, inside] if self.identity is not None else [inside, extent.shape]
        return window_key(about, self.model.fingerprint, self.settings.encode_key(), place)


def empty_cores(
    picture: LazyPicture, plan: CorePlan, cores: Sequence[int]
) -> Generator[Progress, None, frozenset[int]]:
    """Look at cores and return those in which nothing can be seen."""
    found = []
    for done, number in enumerate(cores):
        if done % 32 == 0:
            yield Progress(done, len(cores), "looking for empty parts")
        core = plan.core(number)
        if is_empty(picture, *core.index):
            found.append(number)
    return frozenset(found)


def label_cores(
    reader: WindowReader, scorer: CoreScorer, cores: Sequence[int], receive: Receive
) -> Generator[Progress, None, None]:
    """Encode the windows of cores and hand over the labels of each core as soon as they are known, row by row.

    Yields between windows. On a processor, windows are read, encoded and labelled side by side; another device encodes
    them one after another while threads do the rest. ``receive`` is called in this thread.
    """
    plan, order = reader.plan, reader.plan.needed(cores)
    last_use = {number: turn for turn, core in enumerate(cores) for number in plan.windows_of(core)}
    codes: dict[int, WindowCode] = {}
    place, left = 0, deque(cores)
    clock = _Clock(len(order))
    device = reader.model.vision.device
    with window_threads(device) as pool:
        ahead = thread_count(device) + _AHEAD
        making: deque[Future[_Made]] = deque()
        scoring: deque[Future[CoreLabels]] = deque()
        coming = _windows_to_come(pool, reader, order)
        for done, number in enumerate(order):
            while len(making) < ahead and (started := next(coming, None)) is not None:
                making.append(started)
            yield clock.progress(done)
            made = making.popleft().result()
            codes[number] = made.code
            clock.count(made)
            while left and all(window in codes for window in plan.windows_of(left[0])):
                core = left.popleft()
                over = plan.windows_of(core)
                scoring.append(pool.submit(scorer.labels, core, {window: codes[window] for window in over}))
                for window in over:
                    if last_use[window] == place:
                        del codes[window]
                place += 1
            while scoring and (scoring[0].done() or len(scoring) > ahead):
                receive(scoring.popleft().result())
        yield clock.progress(len(order))
        while scoring:
            receive(scoring.popleft().result())
            yield clock.progress(len(order))


@dataclass(frozen=True, eq=False)
class _Made:
    """A window, and whether it had to be encoded."""

    code: WindowCode
    encoded: bool


def _windows_to_come(
    pool: ThreadPoolExecutor, reader: WindowReader, order: Sequence[int]
) -> Generator["Future[_Made]", None, None]:
    """Yield the work on one window after the other; a window is handed to the pool when the caller wants it."""
    if reader.model.vision.device.type == "cpu":
        for number in order:
            yield pool.submit(_make, reader, number)
        return
    reading: deque[Future[tuple[str, WindowCode | NDArray[np.uint8]]]] = deque()
    ahead = iter(order)
    for number in order:
        while len(reading) < _AHEAD and (following := next(ahead, None)) is not None:
            reading.append(pool.submit(reader.read, following))
        key, found = reading.popleft().result()
        yield pool.submit(_finish, reader, number, key, _encoded(reader, found))


def _make(reader: WindowReader, number: int) -> _Made:
    """Read a window, encode it unless it is known, and keep it."""
    key, found = reader.read(number)
    return _finish(reader, number, key, _encoded(reader, found))


def _encoded(reader: WindowReader, found: WindowCode | NDArray[np.uint8]) -> WindowCode | Patches:
    """Encode a window of which only the pixels (h, w, 3) are known."""
    return found if isinstance(found, WindowCode) else encode_window(reader.model, found, reader.settings)


def _finish(reader: WindowReader, number: int, key: str, found: WindowCode | Patches) -> _Made:
    """Find the regions of a window that was encoded now, and keep it."""
    if isinstance(found, WindowCode):
        return _Made(found, encoded=False)
    code = make_code(found, reader.settings, reader.plan.windows, number, reader.plan.shape)
    reader.cache.put(key, code)
    return _Made(code, encoded=True)


class _Clock:
    """Says how much is done and how long the rest takes, from the windows that had to be encoded."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._begun = time.monotonic()
        self._encoded = 0

    def count(self, made: _Made) -> None:
        self._encoded += made.encoded

    def progress(self, done: int) -> Progress:
        text = "encoding windows" if self._encoded else "labelling windows"
        if done >= _KNOWN_AFTER:
            text += time_left(self._begun, done, self._total)
        return Progress(done, self._total, text)
