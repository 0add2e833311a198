"""Painted scenes as a benchmark that is always there: nothing has to be downloaded, and the masks are exact."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np

from napari_cliptrase.demo.plans import Plan, plan_scene
from napari_cliptrase.demo.things import Thing
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import Scene, paint_plan, paint_scene
from napari_cliptrase.evaluate.held_out import held_out
from napari_cliptrase.evaluate.labelled_images import LabelledImage

SMALL_SCALE: Final = 0.45
"""Size of a thing in a small split, as a share of what it has otherwise."""


class SceneSplit(StrEnum):
    """Which scenes are painted."""

    PLAIN = "plain"
    """Landscapes with one to three things of a fair size."""
    SMALL = "small"
    """Crowded landscapes whose things are thin and small: less than half the size."""


@dataclass(frozen=True)
class PaintedScenes:
    """Scenes that no training has seen, by their seeds.

    Attributes
    ----------
    first, count
        The first seed, and how many.
    size
        Side of the squares in pixels.
    split
        Which scenes are painted.
    """

    first: int = 0
    count: int = 200
    size: int = 336
    split: SceneSplit = SceneSplit.PLAIN

    def __post_init__(self) -> None:
        held_out(self.first, self.count)

    @property
    def title(self) -> str:
        """Their name, for people."""
        small = ", thin and small things" if self.split is SceneSplit.SMALL else ""
        return f"Painted world{small}"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return NAMES

    @property
    def background(self) -> bool:
        """Every pixel of the world has a class."""
        return False

    def names(self) -> Sequence[str]:
        """Names of all scenes."""
        return [f"scene {seed}" for seed in held_out(self.first, self.count)]

    def read(self, name: str) -> LabelledImage:
        """Paint a scene."""
        scene = self.paint(int(name.removeprefix("scene ")))
        return LabelledImage(scene.image, scene.labels.astype(np.int32) - 1)

    def paint(self, seed: int) -> Scene:
        """Paint the scene with a seed."""
        size = (self.size, self.size)
        if self.split is SceneSplit.PLAIN:
            return paint_scene(seed, size)
        return paint_plan(with_small_things(plan_scene(seed, size, crowded=True)))

    def record(self) -> dict[str, Any]:
        """Return what tells these scenes from others; more of them can be added later."""
        return {"kind": "painted", "size": self.size, "split": str(self.split)}


def with_small_things(plan: Plan) -> Plan:
    """Shrink the things of a plan where they stand; grounds and light stay."""
    elements = tuple(
        replace(element, size=SMALL_SCALE * element.size) if isinstance(element, Thing) else element
        for element in plan.elements
    )
    return replace(plan, elements=elements)
