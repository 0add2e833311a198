"""Painted scenes as a benchmark that is always there: nothing has to be downloaded, and the masks are exact."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.demo.cells import fluorescence
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
    RICH = "rich"
    """Crowded landscapes of nine classes and more, which is one scene in twelve."""


RICH_CLASSES: Final = 9
"""Classes that a rich scene is planned with; some may hide behind others."""


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
    dim
        Show them as a gray camera does in poor light: another look than the models know.
    """

    first: int = 0
    count: int = 200
    size: int = 336
    split: SceneSplit = SceneSplit.PLAIN
    dim: bool = False

    def __post_init__(self) -> None:
        held_out(self.first, self.count)

    @property
    def title(self) -> str:
        """Their name, for people."""
        kind = {SceneSplit.PLAIN: "", SceneSplit.SMALL: ", thin and small things", SceneSplit.RICH: ", rich scenes"}
        return f"Painted world{kind[self.split]}{', dim and gray' if self.dim else ''}"

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
        return [f"scene {seed}" for seed in self._seeds]

    @cached_property
    def _seeds(self) -> Sequence[int]:
        if self.split is not SceneSplit.RICH:
            return held_out(self.first, self.count)
        rich = (seed for seed in itertools.count(self.first) if _is_rich(plan_scene(seed, self._shape, crowded=True)))
        seeds = list(itertools.islice(rich, self.count))
        held_out(self.first, seeds[-1] + 1 - self.first)
        return seeds

    @property
    def _shape(self) -> tuple[int, int]:
        return (self.size, self.size)

    def read(self, name: str) -> LabelledImage:
        """Paint a scene."""
        scene = self.paint(int(name.removeprefix("scene ")))
        image = gray_picture(scene.image, int(name.removeprefix("scene "))) if self.dim else scene.image
        return LabelledImage(image, scene.labels.astype(np.int32) - 1)

    def paint(self, seed: int) -> Scene:
        """Paint the scene with a seed."""
        if self.split is SceneSplit.PLAIN:
            return paint_scene(seed, self._shape)
        plan = plan_scene(seed, self._shape, crowded=True)
        return paint_plan(plan if self.split is SceneSplit.RICH else with_small_things(plan))

    def record(self) -> dict[str, Any]:
        """Return what tells these scenes from others; more of them can be added later."""
        look = {"dim": True} if self.dim else {}
        return {"kind": "painted", "size": self.size, "split": str(self.split), **look}


def with_small_things(plan: Plan) -> Plan:
    """Shrink the things of a plan where they stand; grounds and light stay."""
    elements = tuple(
        replace(element, size=SMALL_SCALE * element.size) if isinstance(element, Thing) else element
        for element in plan.elements
    )
    return replace(plan, elements=elements)


def gray_picture(image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Show a picture (H, W, 3) as a dim, noisy camera of one channel does, its 16 bits spread over 8."""
    gray = fluorescence(image, seed).astype(np.float32)
    low, high = np.percentile(gray, (0.5, 99.5))
    spread = np.clip((gray - low) / max(high - low, 1), 0, 1) * 255
    return np.repeat(spread.astype(np.uint8)[..., None], 3, axis=2)


def _is_rich(plan: Plan) -> bool:
    return len({element.name for element in plan.elements}) >= RICH_CLASSES
