"""Images through four steps at the same time: one is written, one labelled, one encoded, and the next are read.

Encoding keeps every core, or the graphics card, busy for most of the time; the other steps use what it leaves. At most
`IMAGES_READ_AHEAD` images are read ahead and as many results wait to be written, and while a plane is labelled one
other is encoded, so that memory does not grow with the number of images.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from napari_cliptrase.array_types import PlaneIndex, Rgb
from napari_cliptrase.errors import Cancelled
from napari_cliptrase.pixels.planes import AxisRoles
from napari_cliptrase.pixels.read import ImageFile

if TYPE_CHECKING:
    from napari_cliptrase.engine.encoding import Encoding

IMAGES_READ_AHEAD: Final = 2

Item = TypeVar("Item")
Found = TypeVar("Found")
Done = TypeVar("Done")


@dataclass(frozen=True)
class ImageSteps(Generic[Item, Found, Done]):
    """What is done with each image, step by step.

    Attributes
    ----------
    read
        Opens an image; in a thread of its own.
    encode_plane
        Encodes a plane (H, W, 3), in the thread that asks for outcomes.
    label
        Makes labels of an encoded plane; in a thread of its own.
    write
        Writes what was found in the planes of an image, by their index; ``roles`` are those of its axes. In a thread of
        its own.
    two_fit
        Whether there is memory to encode a plane (H, W, 3) while another one of its size is labelled.
    label_stack
        Makes labels of all planes of an image that depend on each other, in the thread that asks for outcomes; None
        where each plane stands alone.
    """

    read: Callable[[Item], ImageFile]
    encode_plane: "Callable[[Rgb], Encoding]"
    label: "Callable[[Rgb, Encoding], Found]"
    write: Callable[[Item, AxisRoles, Mapping[PlaneIndex, Found]], Done]
    two_fit: Callable[[Rgb], bool]
    label_stack: Callable[[ImageFile], Mapping[PlaneIndex, Found]] | None = None


@dataclass(frozen=True, eq=False)
class Outcome(Generic[Item, Done]):
    """What became of an image: what `ImageSteps.write` returned, or the error that ended it."""

    item: Item
    done: Done | None
    error: Exception | None = None


def overlap_steps(
    items: Iterable[Item], steps: ImageSteps[Item, Found, Done]
) -> Generator[Outcome[Item, Done], None, None]:
    """Yield what became of each image, in order except for failures, which do not stop the others.

    Closing the generator ends the work: what is being written is finished, nothing else is started. KeyboardInterrupt
    comes out after what had been encoded by then.
    """
    with (
        ThreadPoolExecutor(1, "cliptrase-write") as writing,
        ThreadPoolExecutor(1, "cliptrase-label") as labelling,
        ThreadPoolExecutor(1, "cliptrase-read") as reading,
    ):
        waiting = deque(items)
        read: deque[tuple[Item, Future[ImageFile]]] = deque()
        last: Future[Found] | None = None
        written: deque[tuple[Item, Future[Done]]] = deque()

        def label(rgb: Rgb) -> "Future[Found]":
            nonlocal last
            if last is not None and not steps.two_fit(rgb):
                last.exception()  # waits
            encoding = steps.encode_plane(rgb)
            if last is not None:
                last.exception()  # so that no more than two encodings are in memory
            last = labelling.submit(steps.label, rgb, encoding)
            return last

        def write(item: Item, roles: AxisRoles, planes: "dict[PlaneIndex, Future[Found]]") -> Done:
            return steps.write(item, roles, {index: plane.result() for index, plane in planes.items()})

        def begin_next() -> Outcome[Item, Done] | None:
            """Encode the next image, and hand it on to the other threads; return a failure."""
            while waiting and len(read) < IMAGES_READ_AHEAD:
                item = waiting.popleft()
                read.append((item, reading.submit(steps.read, item)))
            item, file = read.popleft()
            try:
                image = file.result()
                if steps.label_stack is None:
                    planes = {index: label(image.rgb(index)) for index in image.indices()}
                    done = writing.submit(write, item, image.roles, planes)
                else:
                    done = writing.submit(steps.write, item, image.roles, steps.label_stack(image))
            except Cancelled:
                raise
            except Exception as error:  # whatever the error, the other images go on
                return Outcome(item, None, error)
            written.append((item, done))
            return None

        stop: KeyboardInterrupt | None = None
        try:
            while (waiting or read) and stop is None:
                try:
                    failed = begin_next()
                except KeyboardInterrupt as interrupt:
                    failed, stop = None, interrupt  # images that are encoded already are finished and reported first
                if failed is not None:
                    yield failed
                while written and (len(written) > IMAGES_READ_AHEAD or written[0][1].done()):
                    yield _outcome(*written.popleft())
            while written:
                yield _outcome(*written.popleft())
        finally:
            for _, file in read:
                file.cancel()
            for _, done in written:
                done.cancel()
        if stop is not None:
            raise stop


def _outcome(item: Item, future: "Future[Done]") -> Outcome[Item, Done]:
    try:
        return Outcome(item, future.result())
    except Exception as error:  # whatever the error, the other images go on
        return Outcome(item, None, error)
