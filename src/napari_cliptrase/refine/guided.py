"""The guided filter of He, Sun and Tang, from box means alone: smooths a map except at the edges of an image."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from napari_cliptrase.array_types import Floats
from napari_cliptrase.refine.protocol import Image


class GuidedFilter:
    """Filters any number of maps along the edges of one colour image.

    Parameters
    ----------
    image
        (H, W, 3) uint8.
    radius
        Of the boxes, in pixels.
    smoothness
        Variance of colours (0..1, squared) below which a box counts as flat.
    """

    def __init__(self, image: Image, radius: int, smoothness: float) -> None:
        self._size = 2 * radius + 1
        self._guide = np.moveaxis(image.astype(np.float32) / np.float32(255), 2, 0)
        self._mean = np.stack([self._box(channel) for channel in self._guide])
        self._inverse = self._inverse_covariance(smoothness)

    def __call__(self, values: Floats, rows: slice = slice(None), columns: slice = slice(None)) -> Floats:
        """Return a map (h, w) float32 of a part of the image filtered along it; of the whole image by default."""
        part = (slice(None), rows, columns)
        guide, guide_mean, inverse = self._guide[part], self._mean[part], self._inverse[:, :, rows, columns]
        mean = self._box(values)
        mixed = np.stack([self._box(channel * values) for channel in guide]) - guide_mean * mean
        slope = np.einsum("ijhw,jhw->ihw", inverse, mixed)
        offset = mean - (slope * guide_mean).sum(0)
        smooth = sum(self._box(slant) * channel for slant, channel in zip(slope, guide, strict=True))
        return np.asarray(smooth + self._box(offset), np.float32)

    def _box(self, values: Floats) -> Floats:
        return np.asarray(uniform_filter(values, self._size, mode="nearest"), np.float32)

    def _inverse_covariance(self, smoothness: float) -> NDArray[np.float32]:
        """Return (3, 3, H, W): the inverse of the colour covariance of every box, by cofactors."""
        c = np.empty((3, 3, *self._guide.shape[1:]), np.float32)
        for i in range(3):
            for j in range(i, 3):
                c[i, j] = c[j, i] = self._box(self._guide[i] * self._guide[j]) - self._mean[i] * self._mean[j]
            c[i, i] += np.float32(smoothness)
        inverse = np.empty_like(c)
        for i in range(3):
            for j in range(3):
                a, b = (i + 1) % 3, (i + 2) % 3
                d, e = (j + 1) % 3, (j + 2) % 3
                inverse[j, i] = c[a, d] * c[b, e] - c[a, e] * c[b, d]
        return np.asarray(inverse / (c[0] * inverse[:, 0]).sum(0), np.float32)
