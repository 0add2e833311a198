"""Smooth labels with sharp boundaries, without a model: label propagation over patches, then over pixels.

After Stojnic et al., *LPOSS: Label Propagation Over Patches and Pixels for Open-vocabulary Semantic Segmentation* (CVPR
2025). Pixels are linked to the eight around them at several distances, where LPOSS links a dense window of 13 × 13.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from skimage.color import rgb2lab

from napari_cliptrase.array_types import Floats
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.refine.neighbour_refiner import NeighbourRefiner
from napari_cliptrase.refine.neighbours import neighbours
from napari_cliptrase.refine.patch_propagation import propagated_scores, solve
from napari_cliptrase.refine.protocol import Image

WINDOW_SIDE: Final = 1024
"""Side of the windows in which large images are done: the links of one take 96 bytes a pixel."""

_LAB_RANGE: Final = (100, 128, 128)
_TINY: Final = np.float32(1e-9)


@dataclass(frozen=True)
class PropagationOptions:
    """Settings of `Propagation`.

    ``steps`` of the solver, each of which carries a label by the largest of the ``distances`` in pixels; ``contrast``,
    difference in colour that cuts a link (Lab, 0 to 1); ``share`` and ``pixel_share``, how much of a score comes from
    other patches and pixels.
    """

    steps: int = 10
    distances: tuple[int, ...] = (1, 8, 16)
    contrast: float = 0.05
    share: float = 0.5
    pixel_share: float = 0.99

    @property
    def reach(self) -> int:
        """Pixels that a label can travel."""
        return self.steps * max(self.distances)


class Propagation(NeighbourRefiner):
    """Propagates scores over patches that resemble each other, and these with the labels over pixels of one colour."""

    def __init__(self, options: PropagationOptions = PropagationOptions()) -> None:
        super().__init__(options.reach, ("Linking pixels", "Linked pixels"))
        self.options = options

    def record(self) -> dict[str, Any]:
        """Return method and options, fit for JSON."""
        return {"method": "propagation", "options": {**asdict(self.options), "distances": list(self.options.distances)}}

    @property
    def window_side(self) -> int:
        """Side of the windows in which large images are done."""
        return WINDOW_SIDE

    def links(self, image: Image) -> Floats:
        """(8 · distances, H, W) normalised links of each pixel of an image (H, W, 3) to its neighbours."""
        return pixel_links(image, self.options)

    def spread(self, values: Floats, links: Floats) -> Floats:
        """(H, W) a map (H, W) after it was propagated along the links."""
        return propagated_map(values, links, self.options)

    def known(self, scores: ClassScores) -> ClassScores:
        """Return scores that were propagated over the patches."""
        return propagated_scores(scores, self.options.share, self.options.steps)


def pixel_links(image: Image, options: PropagationOptions) -> Floats:
    """(8 · distances, H, W) float32 normalised links of each pixel of an image (H, W, 3) to its neighbours.

    They are symmetric, and beyond the border there is nothing.
    """
    colours = np.moveaxis(rgb2lab(image) / _LAB_RANGE, 2, 0).astype(np.float32)
    links = np.zeros((8 * len(options.distances), *image.shape[:2]), np.float32)
    for channel in colours:
        for link, neighbour in zip(links, neighbours(channel, options.distances, "constant"), strict=True):
            link += (neighbour - channel) ** 2
    np.sqrt(links, out=links)
    links /= -np.float32(options.contrast)
    np.exp(links, out=links)
    for link, inside in zip(
        links, neighbours(np.ones(image.shape[:2], np.float32), options.distances, "constant"), strict=True
    ):
        link *= inside
    root = 1 / np.sqrt(np.maximum(links.sum(0), _TINY))
    for link, neighbour in zip(links, neighbours(root, options.distances, "constant"), strict=True):
        link *= root * neighbour
    return links


def propagated_map(values: Floats, links: Floats, options: PropagationOptions) -> Floats:
    """(H, W) solution of (I - pixel_share · links) z = values (H, W), by conjugate gradients."""

    def apply(column: Floats) -> Floats:
        taken = np.zeros(values.shape, np.float32)
        for link, neighbour in zip(
            links, neighbours(column.reshape(values.shape), options.distances, "constant"), strict=True
        ):
            taken += link * neighbour
        return column - np.float32(options.pixel_share) * taken.reshape(column.shape)

    return np.asarray(solve(values.reshape(-1, 1), apply, options.steps).reshape(values.shape), np.float32)
