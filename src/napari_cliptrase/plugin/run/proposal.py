"""What the examples would change in the label layers of a plane."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from napari_cliptrase.array_types import Floats, LabelArray, Mask
from napari_cliptrase.classes.scores import stretched
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.state.results import Segmented

ALIKE_LEAST: Final = 0.8
"""Cosine to the mean of an example from which on a place counts as alike. On painted scenes of which the largest piece
of a class was the example, 0.6 found 85 % of the other patches of the class, 0.8 69 % with half as many wrong ones."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """What the examples would change.

    Attributes
    ----------
    learned
        The scores with the examples, and the labels of them.
    question
        What they answer.
    where
        (h, w) pixels of the target's box that would change.
    """

    learned: Segmented
    question: Hashable
    where: Mask = field(repr=False)

    @property
    def labels(self) -> LabelArray:
        """(h, w) labels of the target's box; they count at ``where``."""
        return self.learned.segmentation.labels


def changeable(proposal: Proposal, label_layers: LabelLayers, stated: Mask | None, locked: Collection[int]) -> Mask:
    """Return the part (h, w) of a proposal that makes a difference to the layers and is allowed.

    Pixels that a person ``stated`` (h, w) stay, and ``locked`` classes neither win nor lose one.
    """
    target, where = proposal.learned.source.target, proposal.where.copy()
    if target.mask is not None:
        where &= target.mask
    if stated is not None:
        where &= ~stated
    rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
    if not rows.size:
        return where
    part = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    new, here = proposal.labels[part], where[part]
    lacks, loses = new != 0, np.zeros(new.shape, bool)
    for layer in label_layers.label_layers(label_layers.image(target)):
        if target.geometry.fits(layer):
            held = target.geometry.plane_of(layer.data, target.plane)[target.box][part]
            lacks &= held != new
            loses |= (held != 0) & (held != new)
            here &= ~np.isin(held, list(locked))
    here &= (lacks | loses) & ~np.isin(new, list(locked))
    return where


def alike(features: Floats, grid: tuple[int, int], example: Floats, shape: tuple[int, int]) -> Mask:
    """(H, W) pixels of an image of ``shape`` that are like an example.

    Parameters
    ----------
    features
        (h*w, d) float32 unit rows of the image's patches.
    grid
        (h, w).
    example
        (h*w,) share of each patch that belongs to the example.
    """
    middle = example @ features
    likeness = (features @ (middle / max(float(np.linalg.norm(middle)), 1e-6))).reshape(grid)
    return np.asarray(stretched(likeness, shape) >= ALIKE_LEAST)
