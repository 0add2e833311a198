"""Sharper boundaries without a model: every pixel takes on what pixels of its own colour around it are (PAMR).

Pixel-adaptive mask refinement by Araslanov and Roth (*Single-Stage Semantic Segmentation from Image Labels*, CVPR
2020), as SC-CLIP and others use it on the output of CLIP; written from its equations.
"""

from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from napari_cliptrase.array_types import Floats, LabelArray
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.label_maps import WindowPart, highest_map_steps, refine_windows_steps
from napari_cliptrase.refine.protocol import Image, RefineResult, StepwiseRefiner, check_image
from napari_cliptrase.refine.tiles import tiles_of

LARGEST: Final = 1024
"""Side of the windows in which large images are done: the weights of one take 64 bytes a pixel."""

CONTRAST: Final = np.float32(0.1)
"""Share of the colours' spread around a pixel that counts as a clear difference."""

_TINY: Final = np.float32(1e-8)


@dataclass(frozen=True)
class PamrOptions:
    """Settings of `Pamr`: how often pixels look around, and at which distances in pixels."""

    rounds: int = 10
    dilations: tuple[int, ...] = (8, 16)

    @property
    def reach(self) -> int:
        """Pixels that a label can travel."""
        return self.rounds * max(self.dilations)


class Pamr(StepwiseRefiner):
    """Refines labels, or scores and labels together, by the colours of 8 neighbours at each of several distances."""

    def __init__(self, options: PamrOptions = PamrOptions()) -> None:
        super().__init__()
        self.options = options
        self._only: Floats | None = None

    def record(self) -> dict[str, Any]:
        """Return method and options, fit for JSON."""
        return {"method": "pamr", "options": {**asdict(self.options), "dilations": list(self.options.dilations)}}

    def prepare_steps(self, image: Image) -> Generator[Progress, None, None]:
        """Do what `prepare` does with the image (H, W, 3) uint8; no weights of several windows are kept: too large."""
        check_image(image)
        only = None
        if len(tiles_of(image.shape[:2], LARGEST)) == 1:
            yield Progress(0, 1, "Comparing colours")
            only = neighbour_weights(image, self.options.dilations)
        yield Progress(1, 1, "Compared colours")
        self._image, self._only = image, only

    def refine_steps(
        self, labels: LabelArray, scores: ClassScores | None = None
    ) -> Generator[Progress, None, RefineResult]:
        """Do what `refine` does with labels (H, W), window by window and label by label; ``labels`` stay unchanged."""
        image = self._prepared_image(labels)
        tiles = tiles_of(image.shape[:2], LARGEST)

        def refine(number: int, window: LabelArray) -> Generator[Progress, None, LabelArray]:
            tile, weights = tiles[number], self._only
            if weights is None:
                weights = neighbour_weights(image[tile.rows, tile.columns], self.options.dilations)

            def spread(values: Floats, part: WindowPart) -> Floats:
                return spread_map(values, weights[:, *part], self.options)

            return highest_map_steps(window, scores, tile, spread, reach=self.options.reach)

        return RefineResult((yield from refine_windows_steps(labels, tiles, refine)))


def neighbour_weights(image: Image, dilations: tuple[int, ...]) -> Floats:
    """(8 · dilations, H, W) float32 what each pixel of an image (H, W, 3) takes from its neighbours; they add up to 1.

    Differences in colour are measured by the spread of the colours around, so an image may have any contrast.
    """
    weights = np.zeros((8 * len(dilations), *image.shape[:2]), np.float32)
    for channel in np.moveaxis(image, 2, 0):
        colour = channel.astype(np.float32) / np.float32(255)
        spread = _spread_around(colour, dilations)
        for weight, shift in zip(weights, _shifted(colour, dilations), strict=True):
            weight -= np.abs(shift - colour) / (_TINY + CONTRAST * spread)
    weights /= np.float32(image.shape[2])
    weights -= weights.max(0)
    np.exp(weights, out=weights)
    weights /= weights.sum(0)
    return weights


def spread_map(values: Floats, weights: Floats, options: PamrOptions) -> Floats:
    """(H, W) a map (H, W) after every pixel took the weighted mean of its neighbours, ``rounds`` times."""
    for _ in range(options.rounds):
        taken = np.zeros_like(values)
        for weight, shift in zip(weights, _shifted(values, options.dilations), strict=True):
            taken += weight * shift
        values = taken
    return values


def _spread_around(colour: Floats, dilations: tuple[int, ...]) -> Floats:
    """(H, W) standard deviation of what lies around each pixel; itself counts for each distance, as published."""
    count = 9 * len(dilations)
    mean = np.zeros_like(colour)
    for shift in _shifted(colour, dilations, themselves=True):
        mean += shift / np.float32(count)
    squares = np.zeros_like(colour)
    for shift in _shifted(colour, dilations, themselves=True):
        squares += (shift - mean) ** 2
    return np.asarray(np.sqrt(squares / np.float32(count - 1)))


def _shifted(values: Floats, dilations: tuple[int, ...], *, themselves: bool = False) -> Iterator[Floats]:
    """Yield (H, W) the values of neighbours, row by row at each distance; beyond the border the border goes on."""
    height, width = values.shape
    margin = max(dilations)
    padded = np.pad(values, margin, mode="edge")
    for distance in dilations:
        for down in (-distance, 0, distance):
            for right in (-distance, 0, distance):
                if down or right or themselves:
                    top, left = margin + down, margin + right
                    yield padded[top : top + height, left : left + width]
