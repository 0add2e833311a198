"""Which classes are not in the image: FreeCP's first test, on the probabilities of patches and the model's attention.

Chen et al.: *Training-Free Class Purification for Open-Vocabulary Semantic Segmentation* (ICCV 2025), written from its
equations. A class that is there is probable where the patches that attend to each other are; one that is not flickers
here and there, and what is left of it after it was spread along the attention lies elsewhere.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label

from napari_cliptrase.array_types import Floats, Mask

Transition = NDArray[np.floating]

PEAK_SHARE = 0.4
"""Share of a class's highest probability that a patch needs to belong to one of its pieces."""

_LEVELS = 255
_TINY = 1e-8
_TOUCHING = np.ones((3, 3))


def transition(attention: Floats) -> Floats:
    """(L, L) float32 that spreads patch scores along the attention (L, L): balanced, symmetric, two steps."""
    rows = attention.astype(np.float64)
    for _ in range(3):
        rows = rows / rows.sum(0, keepdims=True)
        rows = rows / rows.sum(1, keepdims=True)
    rows = (rows + rows.T) / 2
    return np.asarray(rows @ rows, np.float32)


def spread(probabilities: Floats, step: Transition) -> Floats:
    """(classes, h, w) each class after it was spread, from 0 to 1, of its probabilities (classes, h, w).

    ``step`` (h*w, h*w) comes from `transition`. Only what lies in the boxes around a class's pieces is spread.
    """
    classes, height, width = probabilities.shape
    low, high = probabilities.min(), probabilities.max()
    scaled = (probabilities - low) / max(high - low, np.float32(_TINY))
    boxed = np.stack([_in_boxes(one) for one in scaled]).reshape(classes, -1)
    flowed = boxed.astype(np.float64) @ step.T
    least, most = flowed.min(1, keepdims=True), flowed.max(1, keepdims=True)
    return np.asarray((flowed - least) / (most - least + _TINY), np.float32).reshape(classes, height, width)


def presence(probabilities: Floats, spreaded: Floats) -> Floats:
    """(classes,) from 0 to 0.5: how far each class (classes, h, w) agrees with itself after `spread`."""
    both = (probabilities * spreaded).sum((1, 2))
    either = probabilities.sum((1, 2)) + spreaded.sum((1, 2))
    return np.asarray(both / np.maximum(either, _TINY), np.float32)


def shared_places(spreaded: Floats) -> Floats:
    """(classes, classes) soft IoU of the places of any two classes (classes, h, w), as `spread` returns them; 1 is all.

    From 0.5 to 0.8 on FreeCP takes a closer look, see `ambiguity`: two names of one thing, or one of them is not there.
    """
    flat = spreaded.reshape(len(spreaded), spreaded.shape[1] * spreaded.shape[2])
    shared = np.zeros((len(flat), len(flat)), np.float32)
    for row, one in zip(shared, flat, strict=True):
        np.minimum(one, flat).sum(1, out=row)
    either = flat.sum(1)[:, None] + flat.sum(1)[None] - shared  # the higher of the two, summed
    return np.asarray(shared / np.maximum(either, _TINY), np.float32)


def piece_mask(scaled: Floats) -> Mask:
    """(h, w) where a map from 0 to 1 is high enough to belong to a piece; in 256 levels, as the published code does."""
    levels = (scaled * np.float32(_LEVELS)).astype(np.uint8)
    return np.asarray(levels > int(PEAK_SHARE * levels.max()))


def pieces_in(mask: Mask) -> list[tuple[slice, slice]]:
    """Return boxes (rows, columns) around the connected pieces of a mask (h, w)."""
    pieces, _ = label(mask, _TOUCHING)
    return [(rows, columns) for rows, columns in find_objects(pieces)]


def _in_boxes(scaled: Floats) -> Floats:
    """(h, w) the same map, 0 outside the boxes around its pieces.

    The boxes stop one patch short of the last row and column, as published, unless there is one row or column only.
    """
    inside = np.zeros(scaled.shape, np.float32)
    height, width = (max(1, size - 1) for size in scaled.shape)
    for rows, columns in pieces_in(piece_mask(scaled)):
        bottom, right = min(rows.stop, height), min(columns.stop, width)
        inside[rows.start : bottom, columns.start : right] = 1
    return scaled * inside
