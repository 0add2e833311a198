"""All planes of an image whose scores are mixed with those of the planes beside them."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from napari_cliptrase.array_types import PlaneIndex, Rgb
from napari_cliptrase.engine.pipeline import PlaneRequest, PlaneResponse
from napari_cliptrase.engine.plane_rows import segment_rows_steps
from napari_cliptrase.pixels.read import ImageFile
from napari_cliptrase.progress import Watch, run_to_end
from napari_cliptrase.refine.protocol import MaskRefiner

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter

KeptOfPlane = TypeVar("KeptOfPlane")

_NOTHING_SMOOTHED: Final = "Nothing was smoothed, since only one plane of the image was segmented."


def segment_smooth_stack(
    segmenter: "Segmenter",
    image: ImageFile,
    ask: Callable[[Rgb], PlaneRequest],
    smoothing: float,
    keep: Callable[[Rgb, PlaneResponse], KeptOfPlane],
    refiner: MaskRefiner | None = None,
    watch: Watch | None = None,
) -> dict[PlaneIndex, KeptOfPlane]:
    """Segment the planes of an image that are asked for, and return what is kept of each.

    ``ask`` makes the request for a plane (H, W, 3); ``keep`` gets the plane again, and the response to it. Planes that
    are no neighbours, such as the last of one moment and the first of the next, are not mixed.
    """
    found: dict[PlaneIndex, KeptOfPlane] = {}
    indices = list(image.indices())

    def receive(index: PlaneIndex, request: PlaneRequest, response: PlaneResponse) -> None:
        if len(indices) == 1:
            notes = (*response.segmentation.notes, _NOTHING_SMOOTHED)
            response = replace(response, segmentation=replace(response.segmentation, notes=notes))
        found[index] = keep(request.rgb, response)

    steps = segment_rows_steps(segmenter, indices, lambda index: ask(image.rgb(index)), receive, smoothing, refiner)
    run_to_end(steps, watch)
    return found
