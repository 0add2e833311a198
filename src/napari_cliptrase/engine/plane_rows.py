"""Planes of stacks and films whose scores are mixed with those of their neighbours, row by row."""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from napari_cliptrase.array_types import PlaneIndex
from napari_cliptrase.engine.pipeline import PlaneRequest, PlaneResponse, segment_stack_steps
from napari_cliptrase.pixels.plane_ranges import rows_of_planes
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.protocol import MaskRefiner

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter


def segment_rows_steps(
    segmenter: "Segmenter",
    indices: Sequence[PlaneIndex],
    ask: Callable[[PlaneIndex], PlaneRequest],
    receive: Callable[[PlaneIndex, PlaneRequest, PlaneResponse], object],
    smoothing: float,
    refiner: MaskRefiner | None = None,
) -> Generator[Progress, None, None]:
    """Segment planes, in rows of neighbours: the last of one moment and the first of the next are not mixed.

    ``ask`` makes the request for a plane, once; ``receive`` gets it back with the response, one plane later.
    """
    for row in rows_of_planes(indices):
        asked: dict[PlaneIndex, PlaneRequest] = {}

        def requests(
            row: Sequence[PlaneIndex] = row, asked: dict[PlaneIndex, PlaneRequest] = asked
        ) -> Iterator[PlaneRequest]:
            for index in row:
                asked[index] = ask(index)
                yield asked[index]

        def hand_over(
            number: int,
            response: PlaneResponse,
            row: Sequence[PlaneIndex] = row,
            asked: dict[PlaneIndex, PlaneRequest] = asked,
        ) -> None:
            receive(row[number], asked.pop(row[number]), response)

        yield from segment_stack_steps(segmenter, requests(), hand_over, smoothing, refiner)
