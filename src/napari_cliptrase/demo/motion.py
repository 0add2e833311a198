"""A landscape in time: clouds and balloons drift, boats sail, cars drive, balls roll."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.demo.plans import Element, Plan, plan_scene
from napari_cliptrase.demo.stuff import Stuff
from napari_cliptrase.demo.words import world_classes
from napari_cliptrase.demo.world import paint_window, to_bytes

# how far a thing moves in one frame, in shares of the width
_SPEEDS: Final = {"cloud": 0.02, "balloon": 0.025, "boat": 0.03, "car": 0.05, "ball": 0.04}


@dataclass(frozen=True)
class Film:
    """``images`` (T, H, W, 3) uint8 with their ``labels`` (T, H, W) uint8 and ``instances`` (T, H, W) int32."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    instances: NDArray[np.int32]
    classes: ClassTable


def paint_film(seed: int, frames: int = 12, size: tuple[int, int] = (256, 384)) -> Film:
    """Paint ``frames`` moments of one landscape; an element keeps its number and its class in all of them."""
    plan = plan_scene(seed, size)
    canvases = [paint_window(at_frame(plan, frame), 0, 0, *size) for frame in range(frames)]
    return Film(
        np.stack([to_bytes(canvas, plan) for canvas in canvases]),
        np.stack([canvas.labels for canvas in canvases]),
        np.stack([canvas.instances for canvas in canvases]),
        world_classes(),
    )


def at_frame(plan: Plan, frame: int) -> Plan:
    """Return the plan ``frame`` moments later: what moves comes back on the other side."""
    return replace(plan, elements=tuple(_moved(element, frame, plan.size[1]) for element in plan.elements))


def _moved(element: Element, frame: int, width: int) -> Element:
    speed = 0.0 if isinstance(element, Stuff) else _SPEEDS.get(element.name, 0.0) * (1 if element.seed % 2 else -1)
    if isinstance(element, Stuff) or not speed:
        return element
    margin = 0.6 * element.size
    path = width + 2 * margin
    return replace(element, middle=(element.middle + margin + frame * speed * width) % path - margin)
