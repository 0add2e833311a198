"""How the things of the world look: each painter draws one thing, part by part, from back to front."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_cliptrase.demo.canvas import Array, Canvas, Color, Rectangle, ramp, shade
from napari_cliptrase.demo.shapes import circle, ellipse, polygon, rectangle

PAINTS: Final[Mapping[str, Color]] = {
    "red": (0.86, 0.13, 0.12),
    "blue": (0.13, 0.31, 0.82),
    "yellow": (0.97, 0.80, 0.10),
    "green": (0.10, 0.60, 0.28),
    "purple": (0.53, 0.20, 0.68),
    "orange": (0.97, 0.50, 0.08),
    "pink": (0.97, 0.48, 0.67),
    "white": (0.96, 0.96, 0.94),
}


@dataclass(frozen=True)
class Thing:
    """A thing that stands at (``foot``, ``middle``), about ``size`` pixels high or wide, in a paint of its own."""

    name: str
    foot: float
    middle: float
    size: float
    seed: int
    color: str = ""

    @property
    def box(self) -> Rectangle:
        """A box around the thing (y0, x0, y1, x1)."""
        high, wide = PROPORTIONS[self.name]
        half = 0.5 * wide * self.size
        return (self.foot - high * self.size, self.middle - half, self.foot, self.middle + half)

    def paint(self, canvas: Canvas, class_id: int, instance: int) -> None:
        """Paint the part that lies in the canvas."""
        y0, x0, y1, x1 = self.box
        part = canvas.within((y0 - 2, x0 - 2, y1 + 2, x1 + 2))
        if part is not None:
            PAINTERS[self.name](_Brush(self, part, class_id, instance))


class _Brush:
    """Draws the parts of one thing in the thing's own frame: (0, 0) is its foot, up is negative, 1 is its size."""

    def __init__(self, thing: Thing, canvas: Canvas, class_id: int, instance: int) -> None:
        self.canvas, self.class_id, self.instance = canvas, class_id, instance
        self.size = thing.size
        self.y = (canvas.y - thing.foot) / thing.size
        self.x = (canvas.x - thing.middle) / thing.size
        self.rng = np.random.default_rng(thing.seed)
        self.seed = thing.seed
        self.paint = PAINTS.get(thing.color, (1.0, 1.0, 1.0))

    def part(self, distance: Array, color: Color | Array) -> None:
        """Draw a part that belongs to the thing; ``distance`` is in sizes."""
        pixels = (distance * self.size).astype(np.float32)
        self.canvas.tint(pixels, color)
        self.canvas.claim(pixels, self.class_id, self.instance)

    def detail(self, distance: Array, color: Color | Array, strength: float = 1.0) -> None:
        """Draw a detail upon the thing; it must lie inside a part."""
        self.canvas.tint((distance * self.size).astype(np.float32), color, strength)

    def bumps(self, cell: float, stretch: float = 1.0) -> Array:
        """Noise with bumps of a part of the thing's size."""
        return self.canvas.noise(self.seed, max(cell * self.size, 1.0), stretch)


def _sun(b: _Brush) -> None:
    y, x = b.y + 0.5, b.x
    angle = np.arctan2(y, x)
    rays = 0.5 * np.clip(np.cos(angle * 12 + b.rng.uniform(0, 6)) * 2, -1, 1)
    b.part(np.sqrt(y * y + x * x) - (0.42 + 0.13 * rays), (1.0, 0.72, 0.10))
    b.detail(circle(y, x, 0, 0, 0.33), ramp((1.0, 0.97, 0.55), (1.0, 0.84, 0.18), np.clip((y * y + x * x) * 9, 0, 1)))


def _cloud(b: _Brush) -> None:
    n = int(b.rng.integers(4, 6))
    distance = ellipse(b.y, b.x, -0.15, 0, 0.15, 0.47)
    for i in range(n):
        radius = b.rng.uniform(0.13, 0.19) * (1.25 if 0 < i < n - 1 else 0.85)
        distance = np.minimum(distance, circle(b.y, b.x, -0.05 - radius, -0.33 + 0.66 * i / (n - 1), radius))
    distance = np.maximum(distance, b.y)
    puff = np.clip(-b.y * 2.4, 0, 1) + 0.25 * (b.bumps(0.12) - 0.5)
    b.part(distance, ramp((0.72, 0.74, 0.80), (1.0, 0.99, 0.97), np.clip(puff, 0, 1).astype(np.float32)))


def _tree(b: _Brush) -> None:
    trunk = rectangle(b.y, b.x, -0.4, -0.05, 0, 0.05)
    b.part(trunk, shade((0.40, 0.25, 0.13), (0.9 - 3.0 * b.x + 0 * b.y).astype(np.float32)))
    leaves = b.bumps(0.07)
    light = (0.62 + 0.75 * leaves - 0.5 * (b.x + b.y + 0.6)).astype(np.float32)
    if b.rng.random() < 0.5:
        crown = circle(b.y, b.x, -0.68, 0, 0.30)
        for _ in range(4):
            crown = np.minimum(crown, circle(b.y, b.x, b.rng.uniform(-0.74, -0.42), b.rng.uniform(-0.2, 0.2), 0.21))
        crown = crown + 0.04 * (leaves - 0.5)
        b.part(np.maximum(crown, -0.99 - b.y), shade((0.07, 0.30, 0.13), light))
    else:
        crown = polygon(b.y, b.x, [(-1.0, 0), (-0.55, 0.24), (-0.55, -0.24)])
        crown = np.minimum(crown, polygon(b.y, b.x, [(-0.80, 0), (-0.34, 0.30), (-0.34, -0.30)]))
        crown = np.minimum(crown, polygon(b.y, b.x, [(-0.58, 0), (-0.12, 0.36), (-0.12, -0.36)]))
        b.part(crown, shade((0.05, 0.27, 0.17), light))


def _house(b: _Brush) -> None:
    side = 1.0 if b.rng.random() < 0.5 else -1.0
    light = np.broadcast_to(0.93 + 0.16 * side * b.x, (b.y.shape[0], b.x.shape[1])).astype(np.float32)
    b.part(rectangle(b.y, b.x, -0.82, 0.20, -0.5, 0.31), (0.45, 0.26, 0.22))
    b.part(rectangle(b.y, b.x, -0.50, -0.42, 0, 0.42), shade(_mix(b.paint, (0.98, 0.94, 0.86), 0.55), light))
    tiles = (0.86 + 0.22 * ((b.y * 18) % 1.0 > 0.25) * (0.7 + 0.3 * b.bumps(0.05))).astype(np.float32)
    roof = polygon(b.y, b.x, [(-0.92, -0.26), (-0.92, 0.26), (-0.46, 0.50), (-0.46, -0.50)])
    b.part(roof, shade((0.47, 0.27, 0.20), tiles))
    door = b.rng.uniform(-0.12, 0.12)
    b.detail(rectangle(b.y, b.x, -0.30, door - 0.075, 0, door + 0.075), (0.34, 0.19, 0.11))
    for middle in (-0.26, 0.26):
        b.detail(rectangle(b.y, b.x, -0.36, middle - 0.085, -0.17, middle + 0.085), (0.97, 0.97, 0.95))
        b.detail(rectangle(b.y, b.x, -0.345, middle - 0.07, -0.185, middle + 0.07), (0.30, 0.42, 0.55))
        b.detail(rectangle(b.y, b.x, -0.345, middle - 0.008, -0.185, middle + 0.008), (0.97, 0.97, 0.95))


def _ball(b: _Brush) -> None:
    y, x = b.y + 0.5, b.x
    angle = b.rng.uniform(0, np.pi)
    across = y * np.cos(angle) + x * np.sin(angle)
    light = np.clip(1.12 - 1.5 * ((y + 0.17) ** 2 + (x + 0.15) ** 2), 0.35, 1.2).astype(np.float32)
    b.part(circle(y, x, 0, 0, 0.5), shade(b.paint, light))
    bend = np.sqrt(np.clip(0.25 - (y * y + x * x), 0, 1))
    stripe = np.maximum(np.abs(across - 0.25 * bend) - 0.075, circle(y, x, 0, 0, 0.49))
    b.detail(stripe, shade((0.98, 0.97, 0.93), light))
    b.detail(ellipse(y, x, -0.22, -0.18, 0.07, 0.10), (1.0, 1.0, 1.0), 0.75)


def _boat(b: _Brush) -> None:
    hull = polygon(b.y, b.x, [(-0.26, -0.50), (-0.26, 0.50), (0.0, 0.34), (0.0, -0.36)])
    b.part(rectangle(b.y, b.x, -1.0, -0.025, -0.2, 0.025), (0.35, 0.22, 0.12))
    sail = np.broadcast_to(1.0 - 0.5 * np.abs(b.x), (b.y.shape[0], b.x.shape[1])).astype(np.float32)
    b.part(polygon(b.y, b.x, [(-0.98, 0.03), (-0.32, 0.44), (-0.32, 0.03)]), shade((0.98, 0.95, 0.86), sail))
    b.part(polygon(b.y, b.x, [(-0.90, -0.03), (-0.32, -0.03), (-0.32, -0.36)]), shade(b.paint, sail))
    b.part(
        hull, shade(_mix(b.paint, (0.36, 0.20, 0.10), 0.35), (0.95 + 0.9 * (b.y + 0.1) + 0 * b.x).astype(np.float32))
    )
    b.detail(polygon(b.y, b.x, [(-0.22, -0.44), (-0.22, 0.44), (-0.17, 0.40), (-0.17, -0.40)]), (0.97, 0.95, 0.90))


def _flower(b: _Brush) -> None:
    b.part(rectangle(b.y, b.x, -0.5, -0.028, 0, 0.028), (0.16, 0.42, 0.12))
    b.part(ellipse(b.y, b.x, -0.14, 0.14, 0.06, 0.13), (0.20, 0.50, 0.15))
    y, x = b.y + 0.66, b.x
    angle, radius = np.arctan2(y, x), np.sqrt(y * y + x * x)
    petals = int(b.rng.integers(5, 8))
    wave = np.abs(np.cos(0.5 * petals * angle + b.rng.uniform(0, 3)))
    light = (0.70 + 0.9 * radius + 0.12 * (wave > 0.75)).astype(np.float32)
    b.part(radius - (0.17 + 0.165 * np.sqrt(wave)), shade(b.paint, np.clip(light, 0, 1.08)))
    b.detail(circle(y, x, 0, 0, 0.11), ramp((0.99, 0.82, 0.15), (0.72, 0.42, 0.05), np.clip(radius * 9, 0, 1) ** 3))


def _car(b: _Brush) -> None:
    body = np.broadcast_to(1.05 + 0.9 * (b.y + 0.28) * -1.0, (b.y.shape[0], b.x.shape[1])).astype(np.float32)
    cabin = polygon(b.y, b.x, [(-0.44, -0.17), (-0.44, 0.13), (-0.24, 0.29), (-0.24, -0.31)])
    b.part(cabin, shade(b.paint, body))
    b.part(rectangle(b.y, b.x, -0.27, -0.45, -0.11, 0.45) - 0.05, shade(b.paint, body))
    b.detail(polygon(b.y, b.x, [(-0.41, -0.15), (-0.41, -0.03), (-0.26, -0.03), (-0.26, -0.25)]), (0.62, 0.80, 0.90))
    b.detail(polygon(b.y, b.x, [(-0.41, 0.01), (-0.41, 0.11), (-0.26, 0.23), (-0.26, 0.01)]), (0.62, 0.80, 0.90))
    b.detail(ellipse(b.y, b.x, -0.21, 0.46, 0.035, 0.03), (1.0, 0.95, 0.6))
    for middle in (-0.28, 0.28):
        b.part(circle(b.y, b.x, -0.115, middle, 0.115), (0.09, 0.09, 0.10))
        b.detail(circle(b.y, b.x, -0.115, middle, 0.055), (0.80, 0.80, 0.82))


def _balloon(b: _Brush) -> None:
    y, x = b.y + 0.64, b.x
    envelope = circle(y, x, 0, 0, 0.36)
    envelope = np.minimum(envelope, polygon(y, x, [(0.20, -0.30), (0.20, 0.30), (0.44, 0.09), (0.44, -0.09)]))
    belly = np.sqrt(np.clip(0.37**2 - np.clip(y, -0.37, 0.25) ** 2, 0.004, None))
    gore = np.floor(np.arcsin(np.clip(x / belly, -1, 1)) * 2.6 + 0.5) % 2
    light = np.clip(1.06 - 1.0 * ((y + 0.12) ** 2 + (x + 0.12) ** 2), 0.5, 1.1).astype(np.float32)
    b.part(envelope, ramp(b.paint, (0.98, 0.94, 0.80), gore.astype(np.float32)) * light[..., None])
    b.part(polygon(y, x, [(0.44, -0.08), (0.44, 0.08), (0.53, 0.06), (0.53, -0.06)]), (0.55, 0.45, 0.36))
    b.part(rectangle(y, x, 0.51, -0.08, 0.64, 0.08), (0.45, 0.27, 0.12))


def _lighthouse(b: _Brush) -> None:
    tower = polygon(b.y, b.x, [(-0.74, -0.15), (-0.74, 0.15), (0.0, 0.25), (0.0, -0.25)])
    band = np.broadcast_to((np.floor(b.y * 7.0) % 2).astype(np.float32), (b.y.shape[0], b.x.shape[1]))
    light = np.broadcast_to(1.02 - 1.1 * b.x, band.shape).astype(np.float32)
    b.part(tower, ramp(b.paint, (0.98, 0.97, 0.94), band) * light[..., None])
    b.part(rectangle(b.y, b.x, -0.78, -0.20, -0.73, 0.20), (0.25, 0.25, 0.28))
    b.part(rectangle(b.y, b.x, -0.88, -0.13, -0.78, 0.13), (1.0, 0.93, 0.55))
    b.part(polygon(b.y, b.x, [(-1.0, 0.0), (-0.87, 0.19), (-0.87, -0.19)]), shade(b.paint, light * 0.8))


def _mushroom(b: _Brush) -> None:
    stem = polygon(b.y, b.x, [(-0.52, -0.11), (-0.52, 0.11), (0.0, 0.16), (0.0, -0.16)])
    b.part(stem, shade((0.96, 0.92, 0.82), (1.0 - 0.9 * np.abs(b.x) + 0 * b.y).astype(np.float32)))
    cap = np.maximum(ellipse(b.y, b.x, -0.42, 0, 0.56, 0.48), b.y + 0.40)
    light = np.clip(1.1 - 1.1 * ((b.y + 0.75) ** 2 + (b.x + 0.15) ** 2), 0.4, 1.1).astype(np.float32)
    b.part(cap, shade((0.80, 0.10, 0.10), light))
    for cy, cx, radius in (
        (-0.80, -0.02, 0.085),
        (-0.60, -0.24, 0.075),
        (-0.62, 0.17, 0.08),
        (-0.48, 0.36, 0.05),
        (-0.47, -0.03, 0.055),
    ):
        b.detail(circle(b.y, b.x, cy, cx, radius), (0.99, 0.97, 0.93))


def _mix(color: Color, other: Color, amount: float) -> Color:
    a, b, c = (p + amount * (q - p) for p, q in zip(color, other, strict=True))
    return a, b, c


PAINTERS: Final[Mapping[str, Callable[[_Brush], None]]] = {
    "sun": _sun,
    "cloud": _cloud,
    "tree": _tree,
    "house": _house,
    "ball": _ball,
    "boat": _boat,
    "flower": _flower,
    "car": _car,
    "balloon": _balloon,
    "lighthouse": _lighthouse,
    "mushroom": _mushroom,
}
# Height and width of each thing in units of its size.
PROPORTIONS: Final[Mapping[str, tuple[float, float]]] = {
    "sun": (1.0, 1.1),
    "cloud": (0.56, 1.0),
    "tree": (1.0, 0.82),
    "house": (0.92, 1.0),
    "ball": (1.0, 1.0),
    "boat": (1.0, 1.0),
    "flower": (1.0, 0.68),
    "car": (0.46, 1.02),
    "balloon": (1.0, 0.72),
    "lighthouse": (1.0, 0.5),
    "mushroom": (1.0, 0.96),
}
