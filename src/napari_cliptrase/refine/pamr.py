"""Sharper boundaries without a model: every pixel takes on what pixels of its own colour around it are (PAMR).

Pixel-adaptive mask refinement by Araslanov and Roth (*Single-Stage Semantic Segmentation from Image Labels*, CVPR
2020), as SC-CLIP and others use it on the output of CLIP; written from its equations.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from napari_cliptrase.array_types import Floats
from napari_cliptrase.refine.neighbour_refiner import NeighbourRefiner
from napari_cliptrase.refine.neighbours import neighbours
from napari_cliptrase.refine.protocol import Image

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


class Pamr(NeighbourRefiner):
    """Refines labels, or scores and labels together, by the colours of 8 neighbours at each of several distances."""

    def __init__(self, options: PamrOptions = PamrOptions()) -> None:
        super().__init__(options.reach, ("Comparing colours", "Compared colours"))
        self.options = options

    def record(self) -> dict[str, Any]:
        """Return method and options, fit for JSON."""
        return {"method": "pamr", "options": {**asdict(self.options), "dilations": list(self.options.dilations)}}

    @property
    def window_side(self) -> int:
        """Side of the windows in which large images are done."""
        return LARGEST

    def links(self, image: Image) -> Floats:
        """(8 · dilations, H, W) what each pixel of an image (H, W, 3) takes from its neighbours."""
        return neighbour_weights(image, self.options.dilations)

    def spread(self, values: Floats, links: Floats) -> Floats:
        """(H, W) a map (H, W) after every pixel took from its neighbours."""
        return spread_map(values, links, self.options)


def neighbour_weights(image: Image, dilations: tuple[int, ...]) -> Floats:
    """(8 · dilations, H, W) float32 what each pixel of an image (H, W, 3) takes from its neighbours; they add up to 1.

    Differences in colour are measured by the spread of the colours around, so an image may have any contrast.
    """
    weights = np.zeros((8 * len(dilations), *image.shape[:2]), np.float32)
    for channel in np.moveaxis(image, 2, 0):
        colour = channel.astype(np.float32) / np.float32(255)
        spread = _spread_around(colour, dilations)
        for weight, shift in zip(weights, neighbours(colour, dilations, "edge"), strict=True):
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
        for weight, shift in zip(weights, neighbours(values, options.dilations, "edge"), strict=True):
            taken += weight * shift
        values = taken
    return values


def _spread_around(colour: Floats, dilations: tuple[int, ...]) -> Floats:
    """(H, W) standard deviation of what lies around each pixel; itself counts for each distance, as published."""
    count = 9 * len(dilations)
    mean = np.zeros_like(colour)
    for shift in neighbours(colour, dilations, "edge", themselves=True):
        mean += shift / np.float32(count)
    squares = np.zeros_like(colour)
    for shift in neighbours(colour, dilations, "edge", themselves=True):
        squares += (shift - mean) ** 2
    return np.asarray(np.sqrt(squares / np.float32(count - 1)))
