"""Measures the refinement methods on scenes of the painted world that no training has seen."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_cliptrase.demo.words import LABEL_NAMES, NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.pipeline import RefineRequest, prepare_refiner_steps, refine_plane_steps
from napari_cliptrase.evaluate.boundaries import BOUNDARY_BAND, BoundaryCounts
from napari_cliptrase.evaluate.coarse import Coarse
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine.protocol import MaskRefiner

BEFORE = "before"
WORTH_NAMING = 2.0  # points of IoU that a class may lose without being named


@dataclass(frozen=True)
class RefinementScores:
    """The scores of one method: pixels and boundaries by class, and seconds a scene."""

    name: str
    confusion: Confusion
    boundaries: BoundaryCounts
    seconds: float

    @property
    def miou(self) -> float:
        """Mean IoU over the classes, in percent."""
        return 100 * self.confusion.mean_iou

    @property
    def boundary_iou(self) -> float:
        """Mean boundary IoU over the classes, in percent."""
        return 100 * float(np.nanmean(self.boundaries.iou[1:]))

    def losses(self, before: "RefinementScores") -> dict[str, float]:
        """Points of IoU that classes lost since ``before``, for those that lost more than ``WORTH_NAMING``."""
        change = 100 * (self.confusion.iou - before.confusion.iou)[1:]
        return {name: float(delta) for name, delta in zip(NAMES, change, strict=True) if delta < -WORTH_NAMING}


def score_refiners(
    refiners: dict[str, MaskRefiner], coarse: Coarse, seeds: range, size: int
) -> Iterator[list[RefinementScores]]:
    """Yield, after each scene, the scores of every refiner so far; the first entry is the coarse segmentation."""
    names = [BEFORE, *refiners]
    confusions = {name: Confusion.of(LABEL_NAMES) for name in names}
    boundaries: dict[str, BoundaryCounts] = {}
    seconds = dict.fromkeys(names, 0.0)
    for done, seed in enumerate(seeds, start=1):
        scene = paint_scene(seed, (size, size))
        started = time.perf_counter()
        labels, scores = coarse(scene, seed)
        seconds[BEFORE] += time.perf_counter() - started
        results = {BEFORE: labels}
        for name, refiner in refiners.items():
            started = time.perf_counter()
            prepared = run_to_end(prepare_refiner_steps(refiner, scene.image))
            results[name] = run_to_end(refine_plane_steps(prepared, RefineRequest(labels, scores))).labels
            seconds[name] += time.perf_counter() - started
        for name, found in results.items():
            confusions[name].add(scene.labels, found)
            counts = BoundaryCounts.of(scene.labels, found, len(LABEL_NAMES))
            boundaries[name] = boundaries[name] + counts if name in boundaries else counts
        yield [RefinementScores(name, confusions[name], boundaries[name], seconds[name] / done) for name in names]


def refinement_table(scores: Sequence[RefinementScores]) -> str:
    """Return the scores as a table in text, with the classes that lost more than two points."""
    boundary = f"boundary IoU, {BOUNDARY_BAND} px"
    head = f"{'':14}{'mIoU':>7}{boundary:>22}{'seconds':>9}  classes that lost more than 2 points"
    lines = [head]
    for entry in scores:
        losses = ", ".join(f"{name} {change:.1f}" for name, change in entry.losses(scores[0]).items()) or "none"
        remark = "" if entry is scores[0] else losses
        lines.append(
            f"{entry.name:14}{entry.miou:7.1f}{entry.boundary_iou:22.1f}{entry.seconds:9.2f}  {remark}".rstrip()
        )
    return "\n".join(lines)


def refinement_data(scores: Sequence[RefinementScores]) -> dict[str, Any]:
    """Return the scores for a program, in percent, with the IoU of every class."""
    return {
        entry.name: {
            "miou": round(entry.miou, 2),
            "boundary_iou": round(entry.boundary_iou, 2),
            "seconds": round(entry.seconds, 3),
            "lost": {name: round(change, 2) for name, change in entry.losses(scores[0]).items()},
            "classes": _by_class(entry.confusion.iou),
            "boundary_classes": _by_class(entry.boundaries.iou),
        }
        for entry in scores
    }


def _by_class(values: np.ndarray) -> dict[str, float | None]:
    return {
        name: None if np.isnan(value) else round(100 * float(value), 1)
        for name, value in zip(NAMES, values[1:], strict=True)
    }
