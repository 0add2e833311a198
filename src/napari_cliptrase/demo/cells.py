"""Pictures with the shape of microscopy: a stack of glowing nuclei, two channels of 16 bits, noise of a camera.

The demo CLIP knows no cells; these are for trying channels, stacks, contrast and file formats.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter


@dataclass(frozen=True)
class CellStack:
    """``channels`` (C, Z, Y, X) uint16: nuclei, membranes; ``nuclei`` (Z, Y, X) int32, one number each."""

    channels: NDArray[np.uint16]
    nuclei: NDArray[np.int32]


def paint_cells(seed: int, size: tuple[int, int] = (256, 256), depth: int = 12, count: int = 40) -> CellStack:
    """Paint ``count`` cells at random places of a volume, each an ellipsoid nucleus in a membrane."""
    rng = np.random.default_rng((seed, 14))
    height, width = size
    nuclei = np.zeros((depth, height, width), np.int32)
    glow = np.zeros((2, depth, height, width), np.float32)
    for number in range(1, count + 1):
        radius = float(rng.uniform(0.030, 0.055)) * min(size)
        middle = rng.uniform(0, 1, 3) * (depth, height, width)
        turn, light = float(rng.uniform(0, np.pi)), float(rng.uniform(0.5, 1.0))
        reach = 2.8 * radius
        rows, columns = (
            slice(max(int(at - reach), 0), int(at + reach) + 1) for at in (float(middle[1]), float(middle[2]))
        )
        z, y, x = np.ogrid[:depth, rows.start : min(rows.stop, height), columns.start : min(columns.stop, width)]
        along = (y - middle[1]) * np.cos(turn) + (x - middle[2]) * np.sin(turn)
        across = (x - middle[2]) * np.cos(turn) - (y - middle[1]) * np.sin(turn)
        away = np.sqrt((along / (1.3 * radius)) ** 2 + (across / radius) ** 2 + ((z - middle[0]) / (0.22 * depth)) ** 2)
        own, nucleus, membrane = (volume[:, rows, columns] for volume in (nuclei, glow[0], glow[1]))
        own[(away <= 1) & (own == 0)] = number
        np.maximum(nucleus, light * np.clip(1.25 - away, 0, 0.8), out=nucleus)
        np.maximum(membrane, light * np.exp(-(((away - 1.55) / 0.14) ** 2)), out=membrane)
    blurred = gaussian_filter(glow, (0, 0.7, 0.012 * min(size) / 2, 0.012 * min(size) / 2))
    photons = rng.poisson(40 + 1800 * blurred + 90 * gaussian_filter(blurred, (0, 2, 8, 8)))
    counts = 100 + 6.0 * photons + rng.normal(0, 12, photons.shape)
    return CellStack(np.clip(counts, 0, 65535).astype(np.uint16), nuclei)


def fluorescence(image: NDArray[np.uint8], seed: int = 0) -> NDArray[np.uint16]:
    """Show a painted picture (H, W, 3) as a 16-bit camera would in one channel: (H, W) uint16, dim and noisy."""
    rng = np.random.default_rng((seed, 15))
    light = image.astype(np.float32) @ np.asarray((0.30, 0.59, 0.11), np.float32) / np.float32(255)
    photons = rng.poisson(30 + 900 * light)
    return np.clip(110 + 4.0 * photons + rng.normal(0, 8, photons.shape), 0, 65535).astype(np.uint16)
