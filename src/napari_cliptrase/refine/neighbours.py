"""The values of the eight neighbours of each pixel, at one or several distances."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from napari_cliptrase.array_types import Floats


def neighbours(
    values: Floats, distances: tuple[int, ...], beyond: Literal["constant", "edge"], *, themselves: bool = False
) -> Iterator[Floats]:
    """Yield (H, W) the values (H, W) of neighbours, row by row at each distance.

    ``beyond`` the border there are zeros (constant), or the border goes on (edge). With ``themselves`` each pixel is
    among its neighbours, once for each distance.
    """
    height, width = values.shape
    margin = max(distances)
    padded = np.pad(values, margin, mode=beyond)
    for distance in distances:
        for down in (-distance, 0, distance):
            for right in (-distance, 0, distance):
                if down or right or themselves:
                    top, left = margin + down, margin + right
                    yield padded[top : top + height, left : left + width]
