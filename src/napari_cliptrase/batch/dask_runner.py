"""A batch on the workers of a dask cluster: they read and segment, this process writes the project.

Each worker process loads the models once. Work of a worker that dies is done by another one.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from napari_cliptrase.batch.image_work import ImageResult, ImageWorker, RunSetup
from napari_cliptrase.batch.input_file import reason_of
from napari_cliptrase.batch.runner import ImageOutcome, ResultWriter
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.image_places import local_copy, place_below, read_copy
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.project.image_identity import identify
from napari_cliptrase.project.image_record import ImageIdentity

if TYPE_CHECKING:
    from distributed import Client

Loaded = TypeVar("Loaded")

_IN_FLIGHT: Final = 2
"""Images a worker has at a time: one that is segmented, and one that waits."""

_WORKER_ENVIRONMENT: Final = "distributed.nanny.pre-spawn-environ"
_WORKER_START: Final = "distributed.worker.preload"
# Ctrl+C reaches every process of a terminal; this one alone answers, and then ends its workers
_LEAVE_INTERRUPTS_TO_US: Final = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
_THREAD_COUNTS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@contextmanager
def dask_client(*, scheduler: str | None = None, workers: int = 0) -> Iterator["Client"]:
    """Yield a client of an existing cluster, or of one that lives on this computer until the block ends."""
    try:
        from dask import config
        from dask.system import CPU_COUNT
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise CliptraseError(
            'Workers need the package distributed; install it with: pip install "napari-cliptrase[cluster]"'
        ) from error
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=10)
        except (OSError, ValueError, TimeoutError) as error:
            raise CliptraseError(
                f"No dask scheduler answers at {scheduler} ({error}); check address and port."
            ) from error
        with client:
            yield client
        return
    threads = max(1, CPU_COUNT // workers)
    environment, at_start = config.get(_WORKER_ENVIRONMENT), config.get(_WORKER_START)
    # dask gives each worker one thread, which leaves cores idle where there are fewer workers than cores
    with (
        config.set({_WORKER_ENVIRONMENT: {**environment, **dict.fromkeys(_THREAD_COUNTS, threads)}}),
        config.set({_WORKER_START: [*at_start, _LEAVE_INTERRUPTS_TO_US]}),
        _slow_ends_unsaid(),
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def _slow_ends_unsaid() -> Iterator[None]:
    """On a busy computer a worker may take more than dask's four seconds to end; it is ended, and nothing is lost."""

    def worth_saying(record: logging.LogRecord) -> bool:
        return "still alive after" not in record.getMessage()

    log = logging.getLogger("distributed.nanny")
    log.addFilter(worth_saying)
    try:
        yield
    finally:
        log.removeFilter(worth_saying)


@dataclass(frozen=True, eq=False)
class FileResult:
    """What a worker found in an image, and which image that was."""

    identity: ImageIdentity
    result: ImageResult


def run_on_dask_steps(
    writer: ResultWriter,
    setup: RunSetup,
    names: Sequence[str],
    client: "Client",
    images_at: str | None = None,
) -> Generator[ImageOutcome, None, None]:
    """Segment images on the workers of a cluster and yield what happened to each, in the order they are finished.

    ``images_at`` is the folder or the URL where the workers find the images, if that is not where they are here.
    """
    here = images_at or str(writer.project.paths.image_folder)
    finished = work_on_dask_steps(client, names, lambda name: (segment_file, setup, place_below(here, name)))
    try:
        with writer.project.many_changes():
            for name, done in finished:
                try:
                    found: FileResult = done()
                    outcome = writer.write(name, found.result, found.identity)
                except Exception as error:  # whatever it is, the other images go on
                    outcome = ImageOutcome(name, failure=reason_of(error))
                yield outcome
    finally:
        finished.close()


def work_on_dask_steps(
    client: "Client", names: Sequence[str], call: Callable[[str], tuple[Any, ...]]
) -> Generator[tuple[str, Callable[[], Any]], None, None]:
    """Call a function on the workers for each name; yield the name and what gives its result, as they are finished.

    ``call`` returns the function and its arguments. Asking for a result raises what the function raised. Few names are
    with the workers at a time, so that neither side holds more than it works on.
    """
    from distributed import as_completed

    waiting = deque(names)
    in_flight: dict[Any, str] = {}
    completed = as_completed()

    def submit() -> None:
        room = _IN_FLIGHT * max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
        while waiting and len(in_flight) < room:
            name = waiting.popleft()
            future = client.submit(*call(name), pure=False, retries=2)
            in_flight[future] = name
            completed.add(future)

    try:
        submit()
        while in_flight:
            future = next(completed)
            name = in_flight.pop(future)
            yield name, future.result
            future.release()
            submit()
    finally:
        client.cancel(list(in_flight))


def segment_file(setup: RunSetup, place: str) -> FileResult:
    """Segment a file or a URL on a worker of a cluster, with the models that the worker has loaded before."""
    worker = loaded_on_worker(setup, lambda: run_to_end(ImageWorker.load_steps(setup)))
    with local_copy(place) as path:
        image = read_copy(path, place)
        identity = identify(path, image)
    return FileResult(identity, worker.segment(image))


def loaded_on_worker(setup: object, load: Callable[[], Loaded]) -> Loaded:
    """Return what a worker of a cluster loaded for a setup; it keeps the last, and loads again for another one."""
    from distributed import get_worker

    known = get_worker()
    # a worker with several threads begins several images at once, and loads for all of them once
    lock: threading.Lock = vars(known).setdefault("cliptrase_loading", threading.Lock())
    with lock:
        loaded: tuple[object, Loaded] | None = getattr(known, "cliptrase_models", None)
        if loaded is None or loaded[0] != setup:
            loaded = setup, load()
            known.cliptrase_models = loaded
    return loaded[1]
