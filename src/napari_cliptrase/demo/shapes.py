"""Distances to simple shapes, in pixels, negative inside: (h, 1) and (1, w) coordinates give (h, w)."""

import numpy as np

from napari_cliptrase.demo.canvas import Array


def circle(y: Array, x: Array, cy: float, cx: float, radius: float) -> Array:
    """Distance to a disc."""
    out: Array = np.hypot(y - cy, x - cx)
    return out - np.float32(radius)


def ellipse(y: Array, x: Array, cy: float, cx: float, ry: float, rx: float) -> Array:
    """Distance to an ellipse along the axes (close to the edge it is exact enough for smooth edges)."""
    ny, nx = (y - cy) / ry, (x - cx) / rx
    radius = np.sqrt(ny * ny + nx * nx)
    slope = np.sqrt((ny / ry) ** 2 + (nx / rx) ** 2) + 1e-6
    out: Array = (radius - 1) * radius / slope
    return out


def rectangle(y: Array, x: Array, y0: float, x0: float, y1: float, x1: float) -> Array:
    """Distance to a rectangle along the axes."""
    out: Array = np.maximum(np.maximum(y0 - y, y - y1), np.maximum(x0 - x, x - x1))
    return out


def polygon(y: Array, x: Array, corners: list[tuple[float, float]]) -> Array:
    """Distance to a convex polygon whose (y, x) corners run clockwise on the screen."""
    out: Array | None = None
    for (ya, xa), (yb, xb) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = float(np.hypot(yb - ya, xb - xa)) or 1.0
        side = ((xb - xa) / length) * (ya - y) + ((yb - ya) / length) * (x - xa)
        out = side if out is None else np.maximum(out, side)
    assert out is not None
    return out
