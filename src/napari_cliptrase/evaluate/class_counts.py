"""Counts of an image that all scores are made of: small, and addable in any order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from napari_cliptrase.evaluate.boundaries import BOUNDARY_BAND, BoundaryCounts
from napari_cliptrase.evaluate.labelled_images import UNCOUNTED, Truth
from napari_cliptrase.refine.limits import boundary_band

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ImageCounts:
    """How the pixels of one image were classified; only what occurs in it takes room.

    Attributes
    ----------
    pairs
        (n, 3) int64 rows of true class, found class and pixels. A found class may be one more than there are classes:
        the pixel got none.
    boundary
        (m, 3) int64 rows of class, pixels along boundaries that both have, pixels that one has.
    beyond
        Pixels by ids of the mask file that no class has.
    """

    pairs: Counts = field(repr=False)
    boundary: Counts = field(repr=False)
    beyond: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, truth: Truth, found: Truth, classes: int, beyond: Mapping[int, int] | None = None) -> "ImageCounts":
        """Compare found class indices (H, W) with true ones (H, W); pixels whose truth is not counted are left out."""
        counted = truth != UNCOUNTED
        size = classes + 1
        key = truth[counted].astype(np.int64) * size + found[counted]
        keys, pixels = np.unique(key, return_counts=True)
        pairs = np.stack([keys // size, keys % size, pixels], axis=1)
        return cls(pairs.astype(np.int64), _along_boundaries(truth, found, counted, size), dict(beyond or {}))

    def as_json(self) -> dict[str, Any]:
        """Return the counts fit for JSON."""
        data: dict[str, Any] = {"pairs": self.pairs.tolist(), "boundary": self.boundary.tolist()}
        return data | ({"beyond": {str(key): pixels for key, pixels in self.beyond.items()}} if self.beyond else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ImageCounts":
        """Read what `as_json` returned."""
        pairs, boundary = (np.asarray(data[name], np.int64).reshape(-1, 3) for name in ("pairs", "boundary"))
        return cls(pairs, boundary, {int(key): int(pixels) for key, pixels in data.get("beyond", {}).items()})


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Pixels by class, from which the figures of benchmarks follow.

    Attributes
    ----------
    hit, true, found
        (C,) int64 pixels of each class that are right, that are of it in truth, and that were given to it.
    """

    hit: Counts
    true: Counts
    found: Counts

    @classmethod
    def of(cls, pixels: Counts, classes: int) -> "ClassCounts":
        """Sum up a confusion (n, n), true classes in rows; what lies beyond ``classes`` is only ever wrong."""
        return cls(np.diag(pixels)[:classes].copy(), pixels.sum(1)[:classes], pixels.sum(0)[:classes])


@dataclass(eq=False)
class RunningCounts:
    """Counts summed up over images; its size does not depend on how many there are.

    Attributes
    ----------
    names
        Of the classes.
    pixels
        (C + 1, C + 1) int64 confusion; the last row stays empty, the last column is what got no class.
    boundary
        Along the boundaries, (C + 1,) each.
    images
        How many were added.
    beyond
        Pixels and images by ids that no class has.
    """

    names: tuple[str, ...]
    pixels: Counts = field(repr=False)
    boundary: BoundaryCounts = field(repr=False)
    images: int = 0
    beyond: dict[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def empty(cls, names: Sequence[str]) -> "RunningCounts":
        """Return counts of nothing."""
        size = len(names) + 1
        nothing = np.zeros(size, np.int64)
        return cls(tuple(names), np.zeros((size, size), np.int64), BoundaryCounts(nothing, nothing))

    def add(self, counts: ImageCounts) -> None:
        """Add an image."""
        np.add.at(self.pixels, (counts.pairs[:, 0], counts.pairs[:, 1]), counts.pairs[:, 2])
        both, either = self.boundary.both.copy(), self.boundary.either.copy()
        np.add.at(both, counts.boundary[:, 0], counts.boundary[:, 1])
        np.add.at(either, counts.boundary[:, 0], counts.boundary[:, 2])
        self.boundary = BoundaryCounts(both, either)
        for key, pixels in counts.beyond.items():
            total, images = self.beyond.get(key, (0, 0))
            self.beyond[key] = total + pixels, images + 1
        self.images += 1

    @property
    def by_class(self) -> ClassCounts:
        """Counts of the classes."""
        return ClassCounts.of(self.pixels, len(self.names))

    @property
    def mean_boundary_iou(self) -> float:
        """Mean boundary IoU over the classes that have a boundary in the truth or in what was found."""
        iou = self.boundary.iou[: len(self.names)]
        return float(np.nanmean(iou)) if not np.isnan(iou).all() else 0.0


def _along_boundaries(truth: Truth, found: Truth, counted: NDArray[np.bool_], size: int) -> Counts:
    """(m, 3) rows as in `ImageCounts.boundary`; where a pixel near by is not counted, nobody knows the boundary."""
    known = counted & ~_near(~counted)
    true_band, found_band = boundary_band(truth, BOUNDARY_BAND) & known, boundary_band(found, BOUNDARY_BAND) & known
    both = np.bincount(truth[(truth == found) & true_band & found_band], minlength=size)
    either = np.bincount(truth[true_band], minlength=size) + np.bincount(found[found_band], minlength=size) - both
    classes = np.flatnonzero(either)
    return np.stack([classes, both[classes], either[classes]], axis=1).astype(np.int64)


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W) pixels within ``BOUNDARY_BAND`` pixels of a mask (H, W)."""
    return np.asarray(distance_transform_edt(~mask) <= BOUNDARY_BAND) if mask.any() else mask
