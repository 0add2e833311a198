"""A batch in this process: while an image is segmented, the next is read and the last one is written.

At most `AHEAD` images are read ahead and as many results wait to be written, so that memory does not grow with the
number of images.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from napari_cliptrase.batch.image_work import ImageResult, ImageWorker, Watch
from napari_cliptrase.errors import Cancelled, CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.pixels.read import ImageFile
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

AHEAD: Final = 2


@dataclass(frozen=True)
class ImageOutcome:
    """What happened to an image: its notes, or in one sentence why it was not done."""

    name: str
    notes: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True)
class ResultWriter:
    """Puts results into a project, under the one rule for hand edits."""

    project: Project
    run: dict[str, Any]
    mode: MergeMode = MergeMode.KEEP_EDITS
    kind: Provenance = Provenance.MODEL

    def write(self, name: str, result: ImageResult) -> ImageOutcome:
        """Merge the result of an image into its masks."""
        self.project.take_result(
            name, result.labels, kind=self.kind, mode=self.mode, run=self.run, uncertainty=result.uncertainty
        )
        return ImageOutcome(name, result.notes)


def run_batch_steps(
    writer: ResultWriter, worker: ImageWorker, names: Sequence[str], watch: Watch | None = None
) -> Generator[ImageOutcome, None, None]:
    """Segment images one after the other and yield what happened to each; one that fails stops no other.

    Closing the generator ends the work: what is being written is finished, nothing else is started.
    """
    with ThreadPoolExecutor(1, "cliptrase-read") as reading, ThreadPoolExecutor(1, "cliptrase-write") as writing:
        waiting = deque(names)
        read: deque[tuple[str, Future[ImageFile]]] = deque()
        written: deque[tuple[str, Future[ImageOutcome]]] = deque()
        try:
            while waiting or read:
                while waiting and len(read) < AHEAD:
                    name = waiting.popleft()
                    read.append((name, reading.submit(writer.project.image, name)))
                name, image = read.popleft()
                try:
                    result = worker.segment(image.result(), watch)
                    written.append((name, writing.submit(writer.write, name, result)))
                except Cancelled:
                    raise
                except Exception as error:  # whatever the error, the other images go on
                    yield ImageOutcome(name, failure=failure_of(error))
                while len(written) > AHEAD:
                    yield outcome_of(*written.popleft())
            while written:
                yield outcome_of(*written.popleft())
        finally:
            for _, future in read:
                future.cancel()


def outcome_of(name: str, future: "Future[ImageOutcome]") -> ImageOutcome:
    """Wait until an image is written, and return what happened to it."""
    return attempt(name, future.result)


def attempt(name: str, work: Callable[[], ImageOutcome]) -> ImageOutcome:
    """Return what a piece of work returns, or its failure."""
    try:
        return work()
    except Exception as error:  # whatever the error, the other images go on
        return ImageOutcome(name, failure=failure_of(error))


def failure_of(error: Exception) -> str:
    """Return in one sentence why an image was not done."""
    match error:
        case CliptraseError():
            return str(error)
        case MemoryError():
            return "There is not enough memory; choose a coarser detail."
        case OSError():
            return f"{error.filename or 'A file'}: {error.strerror or error}."
        case _:
            return f"Unexpected {type(error).__name__}: {' '.join(str(error).split())}"
