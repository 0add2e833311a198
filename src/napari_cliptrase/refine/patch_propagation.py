"""Class scores propagated over the patches that resemble each other, in closed form (LPOSS, first stage).

Stojnic et al., *LPOSS: Label Propagation Over Patches and Pixels for Open-vocabulary Semantic Segmentation* (CVPR
2025), written from its equations, with the correlation that CLIPtrase recovers in place of another model's.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats
from napari_cliptrase.classes.patch_likeness import PatchLikeness
from napari_cliptrase.classes.scores import ClassScores

FADING: Final = 0.01
"""By how much a link fades with each pixel of distance."""

POWER: Final = 3
PATCH_PIXELS: Final = 16
_TINY: Final = 1e-9

Columns = TypeVar("Columns", NDArray[np.float32], NDArray[np.float64])


def propagated_scores(scores: ClassScores, share: float, steps: int) -> ClassScores:
    """Return scores that were propagated within each window of ``scores.likeness``; where windows overlap, their mean.

    ``share`` is how much of a patch's score comes from others, ``steps`` those of the solver.
    """
    if not scores.likeness:
        return scores
    found = np.zeros(scores.maps.shape, np.float64)
    count = np.zeros(scores.maps.shape[1:])
    for window in scores.likeness:
        part = scores.maps[:, window.rows, window.columns]
        spread = propagate(part.reshape(len(part), -1).T, patch_links(window), share, steps)
        found[:, window.rows, window.columns] += spread.T.reshape(part.shape)
        count[window.rows, window.columns] += 1
    # the solution is not a probability any more
    found = np.maximum(found / np.maximum(count, 1), 0)
    return replace(scores, maps=np.asarray(found / np.maximum(found.sum(0), _TINY), np.float32))


def patch_links(window: PatchLikeness) -> Floats:
    """(L, L) symmetric weights between patches, of their correlation and distance; 0 on the diagonal."""
    places = np.indices(window.grid).reshape(2, -1).T * PATCH_PIXELS
    distance = np.sqrt(((places[:, None] - places[None]) ** 2).sum(-1))
    links = np.maximum(window.correlation, 0) ** POWER * np.exp(-FADING * distance)
    links = (links + links.T) / 2
    np.fill_diagonal(links, 0)
    return np.asarray(links, np.float32)


def propagate(scores: Floats, links: Floats, share: float, steps: int) -> NDArray[np.float64]:
    """(L, C) solution Z of (I - share · D^-½ links D^-½) Z = scores (L, C)."""
    root = 1 / np.sqrt(np.maximum(links.sum(1), _TINY))
    flow = (share * root[:, None] * links * root).astype(np.float64)
    return solve(scores.astype(np.float64), lambda values: values - flow @ values, steps)


def solve(right: Columns, apply: Callable[[Columns], Columns], steps: int) -> Columns:
    """Solve a positive definite system for each column of ``right`` (n, ...) by ``steps`` conjugate gradients.

    ``apply`` multiplies with the matrix; shape and dtype stay those of ``right``.
    """
    solution = np.zeros_like(right)
    rest = right.copy()
    direction, size = rest.copy(), (rest**2).sum(0)
    for _ in range(steps):
        image = apply(direction)
        length = size / np.maximum((direction * image).sum(0), _TINY**2)
        solution += length * direction
        rest -= length * image
        size, before = (rest**2).sum(0), size
        direction = rest + size / np.maximum(before, _TINY**2) * direction
    return solution
