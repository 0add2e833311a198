"""Painted landscapes of any size, each from one seed, with exact masks and captions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.demo.canvas import Canvas
from napari_cliptrase.demo.plans import Plan, plan_portrait, plan_scene
from napari_cliptrase.demo.words import IDS, NAMES, caption, phrase, world_classes

VISIBLE: Final = 0.02  # a class is named in a caption when it covers this share of the picture


@dataclass(frozen=True)
class Scene:
    """A painted picture and what is in it.

    ``image`` (H, W, 3) uint8; ``labels`` (H, W) uint8 class ids of ``classes``; ``instances`` (H, W) int32, one number
    from 1 for each painted element, stuff included; ``captions`` say what is visible.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    instances: NDArray[np.int32]
    classes: ClassTable
    captions: tuple[str, ...]


def paint_scene(seed: int, size: tuple[int, int] = (336, 336)) -> Scene:
    """Paint landscape number ``seed`` at ``size`` (height, width): the same seed and size give the same pixels."""
    return paint_plan(plan_scene(seed, size), captions=4)


def paint_portrait(seed: int, size: tuple[int, int] = (160, 160)) -> Scene:
    """Paint picture number ``seed`` of one thing before plain ground, or of one or two kinds of ground."""
    return paint_plan(plan_portrait(seed, size), captions=4)


def paint_plan(plan: Plan, captions: int = 0) -> Scene:
    """Paint a whole plan and describe it in a number of captions."""
    canvas = paint_window(plan, 0, 0, *plan.size)
    parts = parts_in_view(plan, canvas.labels, canvas.instances)
    rng = np.random.default_rng((plan.seed, 77))
    texts = tuple(write_caption(parts, rng) for _ in range(captions))
    return Scene(to_bytes(canvas, plan), canvas.labels, canvas.instances, world_classes(), texts)


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


@dataclass(frozen=True)
class Part:
    """What a caption can say of one class: how many things of it are in view and in which paints."""

    name: str
    count: int
    paints: frozenset[str]


def parts_in_view(plan: Plan, labels: NDArray[np.uint8], instances: NDArray[np.int32]) -> tuple[Part, ...]:
    """Return the classes in view in a picture or in a crop of it, each with count and paints."""
    shares = np.bincount(labels.ravel(), minlength=len(NAMES) + 1) / labels.size
    shown = np.flatnonzero(np.bincount(instances.ravel(), minlength=len(plan.elements) + 1) >= 0.005 * labels.size)
    elements = [plan.elements[i - 1] for i in shown if i]
    parts = []
    for name in (name for name in NAMES if shares[IDS[name]] >= VISIBLE):
        own = [element for element in elements if element.name == name]
        parts.append(Part(name, len(own), frozenset(element.color for element in own if element.color)))
    return tuple(parts)


def write_caption(parts: Iterable[Part], rng: np.random.Generator) -> str:
    """Say in one sentence what is in view: all of it, or a few parts in any order."""
    everything = list(parts)
    chosen = [everything[i] for i in rng.permutation(len(everything))[: int(rng.integers(1, 5))]]
    phrases = []
    for part in chosen:
        paint = next(iter(part.paints)) if len(part.paints) == 1 and rng.random() < 0.6 else ""
        phrases.append(phrase(part.name, rng, part.count, paint))
    return caption(phrases, rng)
