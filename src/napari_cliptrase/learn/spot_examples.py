"""Examples that are smaller than a patch: how some spots of a class look, and what the model sees around them."""

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.spots import TEXTURE_SIZE, blended_features

SPOTS_OF_A_LESSON: Final = 40
"""Spots of one class that an image gives; on painted scenes 100 taught no more than these."""
LEAST_SPOT_SHARE: Final = 0.25
"""A spot of which less is painted does not count."""


@dataclass(frozen=True, eq=False)
class SpotExamples:
    """Spots of one class in one image.

    Attributes
    ----------
    textures
        (n, TEXTURE_SIZE) float32, see `napari_cliptrase.learn.spots.spot_textures`.
    around
        (n, d) float32 features of the patches around them.
    place
        (n,) int32 number of each spot in its image, ascending.
    """

    textures: Floats = field(repr=False)
    around: Floats = field(repr=False)
    place: NDArray[np.int32] = field(repr=False)

    def __post_init__(self) -> None:
        textures, around = np.asarray(self.textures, np.float32), np.asarray(self.around, np.float32)
        place = np.asarray(self.place, np.int32)
        if around.ndim != 2 or textures.shape != (len(around), TEXTURE_SIZE) or place.shape != (len(around),):
            raise CliptraseError(
                f"Spots need {TEXTURE_SIZE} numbers of texture, features, and a place; "
                f"got {textures.shape}, {around.shape}, {place.shape}."
            )
        if not np.isfinite(textures).all() or not np.isfinite(around).all():
            raise CliptraseError("Spots have textures or features that cannot be used as numbers.")
        object.__setattr__(self, "textures", textures)
        object.__setattr__(self, "around", around)
        object.__setattr__(self, "place", place)

    def __len__(self) -> int:
        return len(self.place)

    def thinned(self, count: int) -> Self:
        """Return at most ``count`` of the spots, evenly chosen."""
        if len(self) <= count:
            return self
        return self.part(evenly(len(self), count))

    def part(self, chosen: slice | NDArray[np.intp]) -> Self:
        """Return some of the spots."""
        return type(self)(self.textures[chosen], self.around[chosen], self.place[chosen])

    @classmethod
    def none(cls) -> Self:
        """Return no spots at all."""
        return cls(np.zeros((0, TEXTURE_SIZE), np.float32), np.zeros((0, 0), np.float32), np.zeros(0, np.int32))


def spots_of_shares(
    textures: Floats, features: Floats, grid: tuple[int, int], shares: Floats
) -> list[SpotExamples | None]:
    """Choose spots for each owner; None for an owner without any.

    Parameters
    ----------
    textures
        (spots, TEXTURE_SIZE) float32 of the image.
    features
        (h*w, d) float32 unit rows of its patches.
    grid
        (h, w) patches.
    shares
        (owners, spots) which share of each spot a person gave to each owner; a spot counts for the one with most of it.
    """
    owner, most = shares.argmax(0), shares.max(0)
    found: list[SpotExamples | None] = []
    for index in range(len(shares)):
        spots = np.flatnonzero((owner == index) & (most >= LEAST_SPOT_SHARE))
        spots = spots[evenly(len(spots), SPOTS_OF_A_LESSON)]
        around = blended_features(features, grid, spots)
        found.append(SpotExamples(textures[spots], around, spots.astype(np.int32)) if len(spots) else None)
    return found


def evenly(length: int, count: int) -> NDArray[np.intp]:
    """(at most count,) ascending indices that lie evenly in ``length``."""
    if length <= count:
        return np.arange(length)
    return np.asarray(np.linspace(0, length - 1, count).round(), np.intp)
