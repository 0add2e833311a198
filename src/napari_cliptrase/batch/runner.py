"""A batch in this process: four threads read, encode, label and write different images at the same time.

Encoding keeps every core, or the graphics card, busy for most of the time; the other steps use what it leaves. At most
`IMAGES_READ_AHEAD` images are read ahead and as many results wait to be written, and while a plane is labelled one
other is encoded, so that memory does not grow with the number of images.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from napari_cliptrase.array_types import Rgb
from napari_cliptrase.batch.image_work import ImageResult, ImageWorker, LabelledPlane, image_result
from napari_cliptrase.errors import Cancelled, CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.pixels.read import ImageFile
from napari_cliptrase.progress import Watch
from napari_cliptrase.project.image_record import ImageIdentity
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

IMAGES_READ_AHEAD: Final = 2


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

    def write(self, name: str, result: ImageResult, identity: ImageIdentity | None = None) -> ImageOutcome:
        """Merge the result of an image into its masks; ``identity`` is that of the image in which it was found."""
        path = self.project.paths.image(name)
        if identity is not None and not self.project.store.images.believe(name, path, identity):
            raise CliptraseError(f"The workers read another image than {path}; give them the same files.")
        self.project.take_result(
            name, result.labels, kind=self.kind, mode=self.mode, run=self.run, uncertainty=result.uncertainty
        )
        return ImageOutcome(name, result.notes)


def run_batch_steps(
    writer: ResultWriter, worker: ImageWorker, names: Sequence[str], watch: Watch | None = None
) -> Generator[ImageOutcome, None, None]:
    """Segment images and yield what happened to each, in order except for failures, which do not stop the others.

    Closing the generator ends the work: what is being written is finished, nothing else is started.
    """
    with (
        ThreadPoolExecutor(1, "cliptrase-write") as writing,
        ThreadPoolExecutor(1, "cliptrase-label") as labelling,
        ThreadPoolExecutor(1, "cliptrase-read") as reading,
    ):
        waiting = deque(names)
        read: deque[tuple[str, Future[ImageFile]]] = deque()
        last: Future[LabelledPlane] | None = None
        written: deque[tuple[str, Future[ImageOutcome]]] = deque()

        def label(rgb: Rgb) -> "Future[LabelledPlane]":
            nonlocal last
            if last is not None and not worker.two_fit(rgb):
                last.exception()  # waits
            encoding = worker.encode(rgb, watch)
            if last is not None:
                last.exception()  # so that no more than two encodings are in memory
            last = labelling.submit(worker.label, rgb, encoding)
            return last

        def write(name: str, planes: "dict[tuple[int, ...], Future[LabelledPlane]]") -> ImageOutcome:
            return writer.write(name, image_result({index: plane.result() for index, plane in planes.items()}))

        try:
            while waiting or read:
                while waiting and len(read) < IMAGES_READ_AHEAD:
                    name = waiting.popleft()
                    read.append((name, reading.submit(writer.project.image, name)))
                name, file = read.popleft()
                try:
                    image = file.result()
                    planes = {index: label(image.rgb(index)) for index in image.indices()}
                    written.append((name, writing.submit(write, name, planes)))
                    del image, planes
                except Cancelled:
                    raise
                except Exception as error:  # whatever the error, the other images go on
                    yield ImageOutcome(name, failure=failure_of(error))
                while len(written) > IMAGES_READ_AHEAD:
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
