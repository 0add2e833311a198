"""Sharper boundaries without a model: small pieces of even colour vote, or score maps flow along the image's edges."""

from collections.abc import Generator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab
from skimage.filters import gaussian, sobel
from skimage.segmentation import slic, watershed

from napari_cliptrase.array_types import Floats, LabelArray
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.guided import GuidedFilter
from napari_cliptrase.refine.label_maps import WindowPart, highest_map_steps, refine_windows_steps
from napari_cliptrase.refine.protocol import Image, RefineResult, StepwiseRefiner, check_image
from napari_cliptrase.refine.tiles import Tile, tiles_of

LARGEST_WINDOW: Final = 1024  # side of the windows in which large images are done
LABELS_A_STEP: Final = 8  # filtered between two reports, and two chances to stop


class Pieces(StrEnum):
    """How an image is cut into superpixels, or whether it is."""

    SLIC = "slic"
    WATERSHED = "watershed"
    NONE = "none"
    """Only the guided filter."""


@dataclass(frozen=True)
class SuperpixelOptions:
    """Settings of `Superpixels`.

    ``pieces`` how they are cut; ``area`` of one in pixels; ``compactness`` of SLIC, higher is rounder; ``guided``
    whether score maps (or the labels themselves) flow along the image first; ``radius`` and ``smoothness`` of that
    filter.
    """

    pieces: Pieces = Pieces.SLIC
    area: int = 120
    compactness: float = 8.0
    guided: bool = True
    radius: int = 12
    smoothness: float = 1e-3


class Superpixels(StepwiseRefiner):
    """Refines labels by the majority vote in superpixels, after a guided filter."""

    def __init__(self, options: SuperpixelOptions = SuperpixelOptions()) -> None:
        super().__init__()
        self.options = options
        self._cut: list[NDArray[np.intp]] = []

    def record(self) -> dict[str, Any]:
        """Return method and options, fit for JSON."""
        return {"method": "superpixels", "options": asdict(self.options)}

    def prepare_steps(self, image: Image) -> Generator[Progress, None, None]:
        """Do what `prepare` does with the image (H, W, 3) uint8, window by window."""
        check_image(image)
        tiles = tiles_of(image.shape[:2], LARGEST_WINDOW)
        cut = []
        for number, tile in enumerate(tiles):
            yield Progress(number, len(tiles), "Cutting into superpixels")
            if self.options.pieces is not Pieces.NONE:
                cut.append(_cut(image[tile.rows, tile.columns], self.options))
        yield Progress(len(tiles), len(tiles), "Cut into superpixels")
        self._image, self._cut = image, cut

    def refine_steps(
        self, labels: LabelArray, scores: ClassScores | None = None
    ) -> Generator[Progress, None, RefineResult]:
        """Do what `refine` does with labels (H, W), window by window; ``labels`` stay unchanged."""
        image = self._prepared_image(labels)
        tiles = tiles_of(image.shape[:2], LARGEST_WINDOW)

        def refine(number: int, window: LabelArray) -> Generator[Progress, None, LabelArray]:
            if self.options.guided:
                tile = tiles[number]
                window = yield from _flow(image[tile.rows, tile.columns], window, scores, tile, self.options)
            return vote(self._cut[number], window) if self._cut else window

        return RefineResult((yield from refine_windows_steps(labels, tiles, refine)))


def vote(pieces: NDArray[np.intp], labels: LabelArray) -> LabelArray:
    """Return labels (H, W) where each piece (numbered from 0) has the label that most of its pixels had."""
    values, dense = np.unique(labels, return_inverse=True)
    counts = np.bincount(pieces.ravel() * len(values) + dense.ravel(), minlength=(pieces.max() + 1) * len(values))
    winners: LabelArray = values[counts.reshape(-1, len(values)).argmax(1)]
    return winners[pieces]


def _flow(
    image: Image, labels: LabelArray, scores: ClassScores | None, tile: Tile, options: SuperpixelOptions
) -> Generator[Progress, None, LabelArray]:
    """Filter the map of each label that occurs along the image, and keep the highest."""
    guide = GuidedFilter(image, options.radius, options.smoothness)

    def along_image(values: Floats, part: WindowPart) -> Floats:
        return guide(values, *part)

    # beyond two radii a map of zeros stays one
    return highest_map_steps(labels, scores, tile, along_image, reach=2 * options.radius, every=LABELS_A_STEP)


def _cut(image: Image, options: SuperpixelOptions) -> NDArray[np.intp]:
    """Return the number (H, W) of the superpixel of each pixel, from 0."""
    count = max(image.shape[0] * image.shape[1] // options.area, 1)
    if options.pieces is Pieces.SLIC:
        cut = slic(image, count, options.compactness, sigma=0.5, start_label=0, channel_axis=2)
    else:
        edges = sobel(gaussian(rgb2lab(image), 0.7, channel_axis=2), axis=(0, 1)).max(2)
        cut = watershed(edges, count, compactness=1e-3) - 1
    return np.asarray(cut, np.intp)
