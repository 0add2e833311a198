"""Sample data for a viewer: each function returns layers as (data, options, kind), made in well under a few seconds."""

from typing import Any

from napari_cliptrase.demo.cells import fluorescence, paint_cells
from napari_cliptrase.demo.motion import paint_film
from napari_cliptrase.demo.panorama import Panorama
from napari_cliptrase.demo.world import paint_scene

Layer = tuple[Any, dict[str, Any], str]

SAMPLE_SIZE = (504, 672)
COAST, MEADOW, BAY = 1805, 183, 328  # seeds of landscapes that show much of the world


def landscape() -> list[Layer]:
    """A painted landscape, 504 × 672."""
    scene = paint_scene(COAST, SAMPLE_SIZE)
    return [(scene.image, {"name": "landscape", "rgb": True}, "image")]


def landscape_with_masks() -> list[Layer]:
    """A painted landscape with its exact masks, 504 × 672."""
    scene = paint_scene(MEADOW, SAMPLE_SIZE)
    names = {entry.id: entry.name for entry in scene.classes}
    features = {"index": [0, *names], "class": ["background", *names.values()]}
    options = {"name": "meadow: true classes", "metadata": {"classes": names}, "features": features, "opacity": 0.5}
    return [
        (scene.image, {"name": "meadow", "rgb": True}, "image"),
        (scene.labels, options, "labels"),
    ]


def panorama() -> list[Layer]:
    """A landscape of 4096 × 4096 pixels, painted where it is read."""
    return [(Panorama(0), {"name": "panorama", "rgb": True, "multiscale": False}, "image")]


def time_lapse() -> list[Layer]:
    """Twelve moments of a landscape in which clouds drift and boats sail: (T, Y, X, 3)."""
    film = paint_film(BAY)
    return [(film.images, {"name": "time-lapse", "rgb": True, "axis_labels": ("t", "y", "x")}, "image")]


def cell_stack() -> list[Layer]:
    """Two channels of a stack of glowing cells: (Z, Y, X) uint16 each, planes four times as far apart as pixels."""
    stack = paint_cells(0)
    options = {"scale": (4.0, 1.0, 1.0), "axis_labels": ("z", "y", "x"), "blending": "additive"}
    colors = ("blue", "green")
    names = ("nuclei", "membranes")
    return [
        (channel, {"name": name, "colormap": color, **options}, "image")
        for channel, name, color in zip(stack.channels, names, colors, strict=True)
    ]


def dim_landscape() -> list[Layer]:
    """A landscape as a 16-bit gray camera sees it: (Y, X) uint16, dim and noisy."""
    scene = paint_scene(COAST, SAMPLE_SIZE)
    return [(fluorescence(scene.image), {"name": "dim landscape", "colormap": "gray"}, "image")]
