"""One refinement: what goes in, the work in steps for a worker, what comes out. Touches no layer and no widget."""

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.engine.pipeline import (
    PreparedRefiner,
    RefineRequest,
    prepare_refiner_steps,
    refine_plane_steps,
)
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.cost import Cost, cost_of
from napari_cliptrase.refine.limits import Limits
from napari_cliptrase.refine.methods import Method, load_refiner_steps
from napari_cliptrase.refine.timings import Timings

if TYPE_CHECKING:
    from napari_cliptrase.refine.embedding import Embedder


@dataclass(frozen=True, eq=False)
class RefineTask:
    """What is refined, and how.

    Attributes
    ----------
    method, options
        The method and its options.
    sam
        Name or file of the SAM model, for methods that need one.
    picture
        Returns the (H, W, 3) uint8 image of the labels; may read from a disk.
    picture_key
        Equal for tasks on the same pixels.
    labels
        (H, W) labels as they are.
    scores
        Of the segmentation, when the labels come from one of the plugin.
    limits
        Where and which classes may change.
    edited, locked
        (H, W) hand edits, and ids of classes, that stay.
    provenance
        How the labels were made, as far as it is known.
    """

    method: Method
    sam: str
    picture: Callable[[], NDArray[np.uint8]] = field(repr=False)
    picture_key: Any = field(repr=False)
    labels: NDArray[np.integer] = field(repr=False)
    scores: ClassScores | None = field(repr=False)
    limits: Limits
    edited: NDArray[np.bool_] = field(repr=False)
    locked: frozenset[int]
    options: dict[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def is_same_work(self, other: "RefineTask") -> bool:
        """Whether the other task is the same work on the same pixels and labels, so that its outcome serves both."""
        mine, theirs = (
            (task.method, task.sam, task.picture_key, task.limits, task.locked, task.options) for task in (self, other)
        )
        return (
            mine == theirs and np.array_equal(self.labels, other.labels) and np.array_equal(self.edited, other.edited)
        )


@dataclass(frozen=True, eq=False)
class RefineOutcome:
    """The result of a task: ``labels`` (H, W) with hand edits and locks respected, their provenance, and notes."""

    task: RefineTask
    labels: NDArray[np.integer]
    provenance: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(H, W) pixels that get another label."""
        return np.asarray(self.labels != self.task.labels)


class RefineRunner:
    """Runs tasks in workers; holds the loaded SAM with its embeddings and the image that was prepared last.

    Several workers may ask for a SAM at once: it is loaded once. A SAM that is replaced by another is not
    closed, since a worker may still use it; its memory is freed when the last worker is done.
    """

    def __init__(self) -> None:
        self._sam_name = ""
        self._embedder: Embedder | None = None
        self._prepared: tuple[Any, PreparedRefiner] | None = None
        self._loading = threading.Lock()
        self._encoded: set[tuple[str, Any]] = set()

    def steps(self, task: RefineTask) -> Generator[Progress, None, RefineOutcome]:
        """Do a task; a task that is stopped changes nothing."""
        embedder: Embedder | None = None
        key = (
            task.method,
            task.sam if task.method.needs_sam else "",
            tuple(sorted(task.options.items())),
            task.picture_key,
        )
        last = self._prepared
        if last is not None and last[0] == key:
            prepared = last[1]
        else:
            if task.method.needs_sam:
                embedder = yield from self.embedder_steps(task.sam)
            refiner = yield from load_refiner_steps(task.method, embedder or task.sam, options=task.options)
            yield Progress(0, 0, "Reading the image")
            prepared = yield from prepare_refiner_steps(refiner, task.picture())
            if task.method.needs_sam:
                self._encoded.add((task.sam, task.picture_key))
            with self._loading:
                if embedder is None or embedder is self._embedder:  # otherwise it would hold a SAM that was replaced
                    self._prepared = key, prepared
        request = RefineRequest(task.labels, task.scores, task.limits, task.edited, task.locked, task.provenance)
        response = yield from refine_plane_steps(prepared, request)
        return RefineOutcome(task, response.labels, response.provenance, response.notes)

    def embedder_steps(self, sam: str) -> Generator[Progress, None, "Embedder"]:
        """Load a SAM unless it is loaded or being loaded, and return what encodes images with it."""
        while not self._loading.acquire(timeout=0.1):
            yield Progress(0, 0, f"Loading {sam}")
        try:
            if self._embedder is not None and self._sam_name == sam:
                return self._embedder
            yield Progress(0, 0, f"Loading {sam}")
            from napari_cliptrase.refine.embedding import load_embedder_steps

            embedder = yield from load_embedder_steps(sam)
            self._embedder, self._sam_name, self._prepared = embedder, sam, None
            return embedder
        finally:
            self._loading.release()

    def cost(self, sam: str, shape: tuple[int, int]) -> Cost:
        """Return what encoding an image (H, W) will take here, whether the SAM is loaded or not."""
        if self._embedder is not None and self._sam_name == sam:
            return Cost(self._embedder.expected_seconds(shape), self._embedder.memory_bytes(shape))
        return cost_of(sam, shape, Timings())

    def has_encoded(self, sam: str, picture_key: Any) -> bool:
        """Whether a whole image was encoded with a SAM since the program started."""
        return (sam, picture_key) in self._encoded

    def note_window_encoded(self, sam: str, picture_key: Any, shape: tuple[int, int]) -> None:
        """Note that a window of an image (H, W) is encoded with a SAM: for most images that is the whole."""
        if self._embedder is not None and self._sam_name == sam and len(self._embedder.tiles(shape)) == 1:
            self._encoded.add((sam, picture_key))
