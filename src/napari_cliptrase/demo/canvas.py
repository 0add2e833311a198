"""A canvas that is a window on a larger picture: shapes are distances, textures are noise that depends on place alone.

Because every value is a function of picture coordinates and a seed, a tile of a large panorama comes out the same
whether it is painted alone or as a part of the whole.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Color = tuple[float, float, float]
Rectangle = tuple[float, float, float, float]  # y0, x0, y1, x1 in picture pixels

_GOLDEN: Final = 0x9E3779B9


def lattice(rows: NDArray[np.int64], columns: NDArray[np.int64], seed: int) -> Array:
    """Return (rows, columns) float32 in [0, 1): one fixed random number for each integer place and seed."""
    with np.errstate(over="ignore"):
        y = rows.astype(np.uint32)[:, None] * np.uint32(0x85EBCA6B)
        x = columns.astype(np.uint32)[None, :] * np.uint32(0xC2B2AE35)
        h = y ^ (x + np.uint32(seed * _GOLDEN & 0xFFFFFFFF))
        h ^= h >> np.uint32(15)
        h *= np.uint32(0x2C1B3C6D)
        h ^= h >> np.uint32(12)
        h *= np.uint32(0x297A2D39)
        h ^= h >> np.uint32(15)
    return (h >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


@dataclass(frozen=True)
class Canvas:
    """A window on a picture, painted from back to front.

    ``image`` (h, w, 3) float32 in 0..1, ``labels`` (h, w) uint8 class ids, ``instances`` (h, w) int32 element numbers;
    ``y`` (h, 1) and ``x`` (1, w) float32 are the picture coordinates of the pixel centres.
    """

    image: Array
    labels: NDArray[np.uint8]
    instances: NDArray[np.int32]
    y: Array
    x: Array

    @classmethod
    def blank(cls, top: int, left: int, height: int, width: int) -> "Canvas":
        """Return an unpainted window whose first pixel is at row ``top`` and column ``left`` of the picture."""
        return cls(
            np.zeros((height, width, 3), np.float32),
            np.zeros((height, width), np.uint8),
            np.zeros((height, width), np.int32),
            (np.arange(top, top + height, dtype=np.float32) + 0.5)[:, None],
            (np.arange(left, left + width, dtype=np.float32) + 0.5)[None, :],
        )

    def within(self, box: Rectangle) -> "Canvas | None":
        """Return the part of the canvas that a box touches (as views), or None when it touches nothing."""
        top, left = self.y[0, 0] - 0.5, self.x[0, 0] - 0.5
        height, width = self.labels.shape
        y0, x0 = max(int(box[0] - top) - 1, 0), max(int(box[1] - left) - 1, 0)
        y1, x1 = min(int(box[2] - top) + 2, height), min(int(box[3] - left) + 2, width)
        if y0 >= y1 or x0 >= x1:
            return None
        rows, columns = slice(y0, y1), slice(x0, x1)
        return Canvas(
            self.image[rows, columns],
            self.labels[rows, columns],
            self.instances[rows, columns],
            self.y[rows],
            self.x[:, columns],
        )

    def noise(self, seed: int, cell: float, stretch: float = 1.0) -> Array:
        """Return smooth noise (h, w) in 0..1 with bumps ``cell`` pixels high and ``cell * stretch`` wide."""
        gy, gx = self.y[:, 0] / cell, self.x[0] / (cell * stretch)
        iy, ix = np.floor(gy).astype(np.int64), np.floor(gx).astype(np.int64)
        values = lattice(np.arange(iy[0], iy[-1] + 2), np.arange(ix[0], ix[-1] + 2), seed)
        fy, fx = gy - iy, gx - ix
        fy, fx = (fy * fy * (3 - 2 * fy))[:, None], (fx * fx * (3 - 2 * fx))[None, :]
        iy, ix = iy - iy[0], ix - ix[0]
        rows = values[iy] * (1 - fy) + values[iy + 1] * fy
        smooth: Array = (rows[:, ix] * (1 - fx) + rows[:, ix + 1] * fx).astype(np.float32)
        return smooth

    def cloudy(self, seed: int, cell: float, stretch: float = 1.0) -> Array:
        """Return noise of three octaves (h, w) in 0..1."""
        total: Array = (
            np.float32(0.57) * self.noise(seed, cell, stretch)
            + np.float32(0.29) * self.noise(seed + 1, cell / 2, stretch)
            + np.float32(0.14) * self.noise(seed + 2, cell / 4, stretch)
        )
        return total

    def tint(self, distance: Array, color: Color | Array, strength: Array | float = 1.0) -> None:
        """Blend a colour in where ``distance`` (h, w; pixels, negative inside) is inside; labels stay."""
        cover = np.clip(np.float32(0.5) - distance, 0, 1) * strength
        self.image[...] += cover[..., None] * (np.asarray(color, np.float32) - self.image)

    def claim(self, distance: Array, class_id: int, instance: int) -> None:
        """Give the pixels whose centre is inside to a class and an element."""
        inside = np.broadcast_to(distance <= 0, self.labels.shape)
        self.labels[inside] = class_id
        self.instances[inside] = instance


def ramp(color: Color, other: Color, amount: Array) -> Array:
    """Mix two colours by ``amount`` (h, w) in 0..1, to (h, w, 3)."""
    a, b = np.asarray(color, np.float32), np.asarray(other, np.float32)
    return a + amount[..., None] * (b - a)


def shade(color: Color | Array, light: Array) -> Array:
    """Multiply a colour by ``light`` (h, w) around 1, to (h, w, 3)."""
    return np.asarray(color, np.float32) * light[..., None]


def over(base: Array, color: Color, amount: Array) -> Array:
    """Lay a colour over a picture (h, w, 3) by ``amount`` (h, w) in 0..1."""
    mixed: Array = base + amount[..., None] * (np.asarray(color, np.float32) - base)
    return mixed
