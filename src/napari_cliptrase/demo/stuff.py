"""How the ground, the water and the sky look: each painter fills its region of a canvas."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_cliptrase.demo.canvas import Array, Canvas, Color, Rectangle, lattice, over, ramp, shade
from napari_cliptrase.demo.shapes import polygon


@dataclass(frozen=True)
class Stuff:
    """A region without a shape of its own: everything in ``box`` below a line that rolls by ``roll`` pixels.

    ``unit`` is the size of one texture pixel, ``variant`` in 0..1 picks among looks of the same stuff.
    """

    name: str
    box: Rectangle
    seed: int
    unit: float
    variant: float
    roll: float = 0.0
    color: str = ""

    def paint(self, canvas: Canvas, class_id: int, instance: int) -> None:
        """Paint the part that lies in the canvas."""
        part = canvas.within((self.box[0] - self.roll, *self.box[1:]))
        if part is None:
            return
        distance = OUTLINES.get(self.name, _rolling)(self, part)
        part.tint(distance, TEXTURES[self.name](self, part))
        part.claim(distance, class_id, instance)


def _rolling(stuff: Stuff, canvas: Canvas) -> Array:
    """A rolling upper edge, straight other edges."""
    y0, x0, y1, x1 = stuff.box
    width = max(x1 - x0, 1.0)
    u = (canvas.x - x0) / width
    phase = stuff.seed % 97
    line = y0 + stuff.roll * (0.6 * np.sin(u * 5.0 + phase) + 0.4 * np.sin(u * 11.0 + 1.7 * phase))
    distance: Array = np.maximum(np.maximum(line - canvas.y, canvas.y - y1), np.maximum(x0 - canvas.x, canvas.x - x1))
    return distance.astype(np.float32)


def _peaks(stuff: Stuff, canvas: Canvas) -> Array:
    """A row of mountains: the union of triangles on the lower edge of the box."""
    y0, x0, y1, x1 = stuff.box
    rng = np.random.default_rng(stuff.seed)
    count = max(2, round((x1 - x0) / (1.1 * (y1 - y0))))
    height, spread = y1 - y0, (x1 - x0) / count
    out = np.full(canvas.labels.shape, 1e6, np.float32)
    for i in range(count + 1):
        top = y0 + (0.0 if i % 2 else 0.45) * height * rng.uniform(0.6, 1.0)
        middle = x0 + (i + rng.uniform(-0.25, 0.25)) * spread
        half = spread * rng.uniform(0.8, 1.25)
        out = np.minimum(out, polygon(canvas.y, canvas.x, [(top, middle), (y1, middle + half), (y1, middle - half)]))
    distance: Array = np.maximum(out, np.maximum(x0 - canvas.x, canvas.x - x1))
    return distance.astype(np.float32)


def _receding(stuff: Stuff, canvas: Canvas) -> Array:
    """A road: a band across the picture, or one that comes from the horizon towards the painter."""
    if stuff.variant < 0.6:
        return _rolling(stuff, canvas)
    return polygon(canvas.y, canvas.x, _road_corners(stuff))


def _road_corners(stuff: Stuff) -> list[tuple[float, float]]:
    y0, x0, y1, x1 = stuff.box
    width = x1 - x0
    far = x0 + width * (0.3 + 0.4 * ((stuff.seed % 101) / 100))
    return [(y0, far - 0.07 * width), (y0, far + 0.07 * width), (y1, x1 - 0.12 * width), (y1, x0 + 0.12 * width)]


SKIES: Final[tuple[tuple[Color, Color], ...]] = (
    ((0.30, 0.56, 0.90), (0.72, 0.88, 0.98)),
    ((0.42, 0.67, 0.94), (0.86, 0.94, 0.98)),
    ((0.36, 0.62, 0.86), (0.98, 0.86, 0.70)),
    ((0.52, 0.56, 0.88), (0.98, 0.74, 0.66)),
    ((0.55, 0.70, 0.84), (0.80, 0.88, 0.93)),
)


def _sky(stuff: Stuff, canvas: Canvas) -> Array:
    y0, _, y1, _ = stuff.box
    top, low = SKIES[int(stuff.variant * len(SKIES)) % len(SKIES)]
    height = np.clip((canvas.y - y0) / (y1 - y0), 0, 1)
    haze = canvas.noise(stuff.seed, 90 * stuff.unit, 3.0) - 0.5
    return ramp(top, low, np.clip(height + 0.12 * haze, 0, 1).astype(np.float32))


def _mountain(stuff: Stuff, canvas: Canvas) -> Array:
    u = stuff.unit
    y0, _, y1, _ = stuff.box
    facets = canvas.cloudy(stuff.seed, 34 * u, 0.6)
    ridges = np.abs(canvas.noise(stuff.seed + 7, 26 * u, 0.9) - canvas.noise(stuff.seed + 8, 26 * u, 0.9))
    light = 0.80 + 0.6 * facets - 0.45 * ridges
    fog = np.clip((canvas.y - y0) / (y1 - y0), 0, 1) * 0.22
    rock = shade((0.47, 0.41, 0.52) if stuff.variant < 0.5 else (0.52, 0.43, 0.42), light.astype(np.float32))
    return over(rock, (0.66, 0.62, 0.74), fog.astype(np.float32))


def _sea(stuff: Stuff, canvas: Canvas) -> Array:
    u = stuff.unit
    y0, _, y1, _ = stuff.box
    near = np.clip((canvas.y - y0) / (y1 - y0), 0, 1).astype(np.float32)
    deep, shallow = (
        ((0.04, 0.24, 0.50), (0.06, 0.42, 0.62)) if stuff.variant < 0.5 else ((0.03, 0.30, 0.42), (0.08, 0.50, 0.56))
    )
    waves = canvas.noise(stuff.seed, 4.2 * u, 5.0) * 0.6 + canvas.noise(stuff.seed + 1, 8 * u, 6.0) * 0.4
    crest = np.clip((waves - 0.68) * 6, 0, 1)
    water = ramp(deep, shallow, np.broadcast_to(near, waves.shape)) * (0.78 + 0.44 * waves)[..., None]
    return over(water.astype(np.float32), (0.80, 0.93, 0.97), (0.75 * crest).astype(np.float32))


def _sand(stuff: Stuff, canvas: Canvas) -> Array:
    u = stuff.unit
    dunes = canvas.cloudy(stuff.seed, 46 * u, 2.5)
    bend = 6 * canvas.noise(stuff.seed + 3, 60 * u)
    ripples = np.sin(canvas.y / (2.4 * u) + bend) * canvas.noise(stuff.seed + 4, 40 * u)
    grains = lattice(canvas.y[:, 0].astype(np.int64), canvas.x[0].astype(np.int64), stuff.seed + 5)
    light = 0.86 + 0.16 * dunes + 0.05 * ripples + 0.12 * (grains - 0.5)
    return shade((0.94, 0.83, 0.62) if stuff.variant < 0.6 else (0.93, 0.78, 0.58), light.astype(np.float32))


def _grass(stuff: Stuff, canvas: Canvas) -> Array:
    u = stuff.unit
    patches = canvas.cloudy(stuff.seed, 50 * u, 1.6)
    blades = canvas.noise(stuff.seed + 3, 6.5 * u, 0.28) * 0.6 + canvas.noise(stuff.seed + 4, 3.6 * u, 0.4) * 0.4
    low, high = (
        ((0.26, 0.52, 0.10), (0.60, 0.80, 0.24)) if stuff.variant < 0.5 else ((0.20, 0.50, 0.16), (0.50, 0.76, 0.30))
    )
    return ramp(low, high, np.clip(0.45 * patches + 0.95 * (blades - 0.22), 0, 1).astype(np.float32))


def _snow(stuff: Stuff, canvas: Canvas) -> Array:
    u = stuff.unit
    drifts = canvas.cloudy(stuff.seed, 44 * u, 2.2)
    hollow = np.clip((drifts - 0.48) * 3.2, 0, 1)
    snow = ramp((0.95, 0.97, 1.0), (0.70, 0.80, 0.95), hollow.astype(np.float32))
    sparkle = lattice(
        np.floor(canvas.y[:, 0] / u / 1.6).astype(np.int64),
        np.floor(canvas.x[0] / u / 1.6).astype(np.int64),
        stuff.seed,
    )
    return snow - (0.11 * (sparkle > 0.94))[..., None] * np.asarray((1.0, 0.75, 0.35), np.float32)


def _road(stuff: Stuff, canvas: Canvas) -> Array:
    u = stuff.unit
    y0, _, y1, _ = stuff.box
    grit = lattice(
        np.floor(canvas.y[:, 0] / u).astype(np.int64), np.floor(canvas.x[0] / u).astype(np.int64), stuff.seed
    )
    worn = canvas.cloudy(stuff.seed + 1, 40 * u, 3.0)
    asphalt = shade((0.33, 0.33, 0.36), (0.78 + 0.24 * worn + 0.30 * (grit - 0.5)).astype(np.float32))
    if stuff.variant < 0.6:
        across, along = (canvas.y - 0.5 * (y0 + y1)) / (y1 - y0), canvas.x / (y1 - y0)
        lines = (np.abs(across) < 0.055) & ((along * 1.1) % 1.0 < 0.6) | (np.abs(np.abs(across) - 0.42) < 0.035)
    else:
        corners = _road_corners(stuff)
        depth = np.clip((canvas.y - y0) / (y1 - y0), 0, 1)
        left = corners[0][1] + depth * (corners[3][1] - corners[0][1])
        right = corners[1][1] + depth * (corners[2][1] - corners[1][1])
        across = (canvas.x - 0.5 * (left + right)) / (right - left)
        lines = (np.abs(across) < 0.03) & ((depth**0.6 * 6.0) % 1.0 < 0.6) | (np.abs(np.abs(across) - 0.44) < 0.02)
    paint = np.where(lines, 0.85, 0.0).astype(np.float32)
    return over(asphalt, (0.95, 0.93, 0.84), paint)


def _brick_wall(stuff: Stuff, canvas: Canvas) -> Array:
    u = stuff.unit
    high, wide, mortar = 8.0 * u, 18.0 * u, 1.5 * u
    row = np.floor((canvas.y - stuff.box[0]) / high)
    shifted = canvas.x + 0.5 * wide * (row % 2)
    column = np.floor(shifted / wide)
    with np.errstate(over="ignore"):
        tone = _brick_tone(row.astype(np.int64), column.astype(np.int64), stuff.seed)
    gap = np.minimum((canvas.y - stuff.box[0]) - row * high, shifted - column * wide) < mortar
    color = (
        ramp((0.58, 0.20, 0.13), (0.80, 0.38, 0.24), tone) * (0.85 + 0.3 * canvas.cloudy(stuff.seed, 30 * u))[..., None]
    )
    return np.where(gap[..., None], np.asarray((0.80, 0.74, 0.68), np.float32), color).astype(np.float32)


def _brick_tone(row: np.ndarray, column: np.ndarray, seed: int) -> Array:
    """One tone in 0..1 for each brick; ``row`` (h, 1) and ``column`` (h, w) are brick numbers."""
    rows, columns = row[:, 0], column
    first, last = int(columns.min()), int(columns.max())
    table = lattice(np.arange(rows[0], rows[-1] + 1), np.arange(first, last + 1), seed)
    tones: Array = table[(rows - rows[0])[:, None], columns - first]
    return tones


def _wheat_field(stuff: Stuff, canvas: Canvas) -> Array:
    u = stuff.unit
    wind = canvas.cloudy(stuff.seed, 60 * u, 2.0)
    stalks = canvas.noise(stuff.seed + 3, 15 * u, 0.2)
    ears = canvas.noise(stuff.seed + 4, 5 * u, 0.6)
    amount = np.clip(0.25 * wind + 1.35 * (stalks - 0.3) * (0.5 + ears), 0, 1)
    return ramp((0.58, 0.38, 0.05), (0.97, 0.79, 0.22), amount.astype(np.float32))


TEXTURES: Final[Mapping[str, Callable[[Stuff, Canvas], Array]]] = {
    "sky": _sky,
    "mountain": _mountain,
    "sea": _sea,
    "sand": _sand,
    "grass": _grass,
    "snow": _snow,
    "road": _road,
    "brick wall": _brick_wall,
    "wheat field": _wheat_field,
}
OUTLINES: Final[Mapping[str, Callable[[Stuff, Canvas], Array]]] = {"mountain": _peaks, "road": _receding}
