"""A large image on the workers of a dask cluster, tile by tile: they read and segment, this process writes the labels.

A tile is a square of cores. Each worker process loads the model once, and encodes the windows over a tile by itself:
windows are encoded alone, so the labels are those of one process, to the bit.
"""

import math
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_cliptrase.batch.dask_runner import loaded_on_worker, work_on_dask_steps
from napari_cliptrase.batch.large_run import LargeRun
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.core_plan import CorePlan
from napari_cliptrase.engine.large_plane import CoreLabels
from napari_cliptrase.engine.pipeline import LargeRequest, LargeResponse, segment_large_steps
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.models.load import load_model_steps
from napari_cliptrase.pixels.lazy_file import open_lazily
from napari_cliptrase.pixels.lazy_picture import open_picture
from napari_cliptrase.progress import Progress, run_to_end, time_left

if TYPE_CHECKING:
    from distributed import Client

_TILES_EACH: Final = 4
"""Tiles that each worker gets, at least, so that all of them end at about the same time."""
_SMALLEST, _LARGEST = 2, 16
"""Cores along a side of a tile. Windows along its border are encoded for the next tile, too."""


@dataclass(frozen=True)
class LargeSetup:
    """What a worker has to know of a run; can be sent to another process.

    Attributes
    ----------
    image, level, index
        The file, the level of its pyramid and the plane.
    prompts, settings, skip_empty, examples
        See `napari_cliptrase.engine.pipeline.LargeRequest`.
    model, device, precision
        The CLIP by name, and where it runs.
    """

    image: str
    level: int
    index: tuple[int, ...]
    prompts: PromptSet
    settings: Settings
    model: str
    device: str = "auto"
    precision: str = "auto"
    skip_empty: bool = False
    examples: LessonMemory | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class TileResult:
    """The labels of the cores of a tile, and what `LargeResponse` says of them."""

    cores: tuple[CoreLabels, ...]
    response: LargeResponse


def run_large_on_dask_steps(
    run: LargeRun, setup: LargeSetup, client: "Client"
) -> Generator[Progress, None, LargeResponse]:
    """Segment what is not finished of a run on workers; a tile of a worker that dies is done by another one.

    Stopping between two steps keeps every tile that was written.
    """
    plan = run.segmenter.plan_large(run.request.picture.shape)
    cores = plan.cores_in(run.request.box, run.pyramid.finished)
    workers = max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
    tiles = {str(number): tile for number, tile in enumerate(square_tiles(plan, cores, workers))}
    text = f"labelling on {workers} workers" if workers > 1 else "labelling on 1 worker"
    yield Progress(0, len(cores), text)
    begun, done = time.monotonic(), 0
    response = LargeResponse({}, ())
    finished = work_on_dask_steps(client, list(tiles), lambda name: (segment_tile, setup, tiles[name]))
    try:
        for name, result in finished:
            tile = _found(result)
            for core in tile.cores:
                run.receive(core)
            if tile.response.empty:
                run.pyramid.note_empty(*sorted(tile.response.empty))
            response = replace(tile.response, empty=response.empty | tile.response.empty)
            done += len(tiles[name])
            yield Progress(done, len(cores), text + time_left(begun, done, len(cores)))
    finally:
        finished.close()
    yield from run.pyramid.finish(response.provenance)
    return response


def _found(result: Any) -> TileResult:
    try:
        found: TileResult = result()
    except CliptraseError:
        raise
    except Exception as error:
        raise CliptraseError(f"A worker could not do its tile ({type(error).__name__}: {error}).") from error
    return found


def square_tiles(plan: CorePlan, cores: Sequence[int], workers: int) -> list[tuple[int, ...]]:
    """Put cores together to squares, row by row, large ones where there are few workers."""
    across = len(plan.windows.starts[1])
    side = min(_LARGEST, max(_SMALLEST, math.isqrt(len(cores) // (_TILES_EACH * workers))))
    tiles: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number in cores:
        tiles[number // across // side, number % across // side].append(number)
    return [tuple(tiles[place]) for place in sorted(tiles)]


def segment_tile(setup: LargeSetup, cores: Iterable[int]) -> TileResult:
    """Segment some cores of a large image on a worker of a cluster, with the model that it has loaded before."""
    segmenter: Segmenter = loaded_on_worker(setup, lambda: _load(setup))
    with open_lazily(Path(setup.image)) as opened:
        picture = open_picture(opened.levels[setup.level], opened.roles, setup.index)
        others = frozenset(range(len(segmenter.plan_large(picture.shape).windows))) - frozenset(cores)
        found: list[CoreLabels] = []
        request = LargeRequest(
            picture, setup.prompts, finished=others, skip_empty=setup.skip_empty, examples=setup.examples
        )
        response = run_to_end(segment_large_steps(segmenter, request, found.append))
    return TileResult(tuple(found), response)


def _load(setup: LargeSetup) -> Segmenter:
    return Segmenter(run_to_end(load_model_steps(setup.model, setup.device, setup.precision)), setup.settings)
