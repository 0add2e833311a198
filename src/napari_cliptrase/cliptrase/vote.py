"""One class for each region."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.scores import sampling
from napari_cliptrase.cliptrase.upsample import Part

UnsignedLabels = NDArray[np.unsignedinteger[Any]]
"""Class indices, (H, W) uint8 or uint16."""

PIXELS_AT_ONCE = 2**20


def majority(labels: UnsignedLabels, regions: NDArray[np.int32], classes: int) -> NDArray[np.intp]:
    """(n,) class of most pixels of each region 0…n-1; among equals the lowest class.

    ``labels`` (H, W) holds class indices below ``classes``; pixels in no region (-1) do not vote.
    """
    count = int(regions.max(initial=-1)) + 1
    votes = np.zeros(count * classes, np.int64)
    for rows in _rows(labels):
        inside = regions[rows] >= 0
        region_and_class = regions[rows][inside].astype(np.intp) * classes + labels[rows][inside]
        votes += np.bincount(region_and_class, minlength=len(votes))
    return np.asarray(votes.reshape(count, classes).argmax(1))


def pooling(regions: NDArray[np.int32], grid: tuple[int, int], part: Part | None = None) -> NDArray[np.float32]:
    """(n, h*w) weights that take values on the grid to their mean over the pixels of each region.

    The mean over pixels of a bilinear interpolation is a weighted sum of the grid's values; these are its weights, so
    that a soft vote never looks at pixels again. With a ``part``, regions and grid are those of the part.
    """
    count = int(regions.max(initial=-1)) + 1
    if part is None:
        top, bottom, down = sampling(regions.shape[0], grid[0])
        left, right, along = sampling(regions.shape[1], grid[1])
    else:
        top, bottom, down = (values.numpy() for values in part.rows)
        left, right, along = (values.numpy() for values in part.columns)
    weights = np.zeros(count * grid[0] * grid[1])
    for rows in _rows(regions):
        inside = regions[rows] >= 0
        base = regions[rows][inside].astype(np.intp) * (grid[0] * grid[1])
        for row, by_row in ((top, 1 - down), (bottom, down)):
            for column, by_column in ((left, 1 - along), (right, along)):
                cell = (row[rows, None] * grid[1] + column)[inside]
                share = (by_row[rows, None] * by_column)[inside]
                weights += np.bincount(base + cell, share, minlength=len(weights))
    by_region = weights.reshape(count, grid[0] * grid[1])
    return np.asarray(by_region / np.maximum(by_region.sum(1, keepdims=True), 1e-12), np.float32)


def paint(labels: UnsignedLabels, regions: NDArray[np.int32], of_region: NDArray[np.intp]) -> UnsignedLabels:
    """Give every pixel of labels (H, W) the class of its region; pixels in no region keep theirs.

    ``regions`` is (H, W), -1 for no region; ``of_region`` holds the class of each region, (regions,).
    """
    if not len(of_region):
        return labels
    out: UnsignedLabels = of_region.astype(labels.dtype)[regions]
    return np.where(regions < 0, labels, out) if regions.min() < 0 else out


def _rows(image: NDArray[np.generic]) -> Iterator[slice]:
    step = max(1, PIXELS_AT_ONCE // image.shape[1])
    for start in range(0, image.shape[0], step):
        yield slice(start, min(start + step, image.shape[0]))
