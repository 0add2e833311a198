"""Painted landscapes of any size, each from one seed, with exact masks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.demo.canvas import Canvas
from napari_cliptrase.demo.plans import Plan, plan_scene
from napari_cliptrase.demo.words import IDS, world_classes


@dataclass(frozen=True)
class Scene:
    """A painted picture and what is in it.

    ``image`` (H, W, 3) uint8; ``labels`` (H, W) uint8 class ids of ``classes``; ``instances`` (H, W) int32, one number
    from 1 for each painted element, stuff included.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    instances: NDArray[np.int32]
    classes: ClassTable


def paint_scene(seed: int, size: tuple[int, int] = (336, 336)) -> Scene:
    """Paint landscape number ``seed`` at ``size`` (height, width): the same seed and size give the same pixels."""
    return paint_plan(plan_scene(seed, size))


def paint_plan(plan: Plan) -> Scene:
    """Paint a whole plan."""
    canvas = paint_window(plan, 0, 0, *plan.size)
    return Scene(to_bytes(canvas, plan), canvas.labels, canvas.instances, world_classes())


def paint_window(plan: Plan, top: int, left: int, height: int, width: int) -> Canvas:
    """Paint one window of a plan; windows of the same plan fit together without seams."""
    canvas = Canvas.blank(top, left, height, width)
    for instance, element in enumerate(plan.elements, start=1):
        element.paint(canvas, IDS[element.name], instance)
    return canvas


def to_bytes(canvas: Canvas, plan: Plan) -> NDArray[np.uint8]:
    """Apply the light of the plan and return the picture (h, w, 3) uint8."""
    gain, haze = np.asarray(plan.light, np.float32), np.float32(plan.haze)
    lit = canvas.image * gain * (1 - haze) + haze * np.float32(0.86)
    picture: NDArray[np.uint8] = (np.clip(lit, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return picture
