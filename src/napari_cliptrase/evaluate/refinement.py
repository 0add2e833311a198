"""Measures the ways of refinement on scenes of the painted world that no training has seen.

python -m napari_cliptrase.evaluate.refinement --scenes 100 --first-seed 0
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.boundaries import BAND, Overlaps, overlaps
from napari_cliptrase.evaluate.coarse import Coarse, from_clip, from_truth
from napari_cliptrase.evaluate.held_out import held_out
from napari_cliptrase.refine.methods import Method, make_refiner
from napari_cliptrase.refine.protocol import MaskRefiner

BEFORE = "before"
WORTH_NAMING = 2.0  # points of IoU that a class may lose without being named


@dataclass(frozen=True)
class Measured:
    """What one way reached: overlaps by class id, and seconds a scene."""

    name: str
    overlaps: Overlaps
    seconds: float

    @property
    def miou(self) -> float:
        """Mean IoU over the classes, in percent."""
        return 100 * float(np.nanmean(self.overlaps.iou[1:]))

    @property
    def boundary_iou(self) -> float:
        """Mean boundary IoU over the classes, in percent."""
        return 100 * float(np.nanmean(self.overlaps.boundary_iou[1:]))

    def lost(self, before: "Measured") -> dict[str, float]:
        """Points of IoU that classes lost since ``before``, for those that lost more than is fine."""
        change = 100 * (self.overlaps.iou - before.overlaps.iou)[1:]
        return {name: float(delta) for name, delta in zip(NAMES, change, strict=True) if delta < -WORTH_NAMING}


def measure(refiners: dict[str, MaskRefiner], coarse: Coarse, seeds: range, size: int) -> Iterator[list[Measured]]:
    """Yield, after each scene, what every way reached so far; the first entry is the coarse segmentation itself."""
    names = [BEFORE, *refiners]
    total: dict[str, Overlaps] = {}
    seconds = dict.fromkeys(names, 0.0)
    for done, seed in enumerate(seeds, start=1):
        scene = paint_scene(seed, (size, size))
        started = time.perf_counter()
        labels, scores = coarse(scene, seed)
        seconds[BEFORE] += time.perf_counter() - started
        results = {BEFORE: labels}
        for name, refiner in refiners.items():
            started = time.perf_counter()
            refiner.prepare(scene.image)
            results[name] = refiner.refine(labels, scores).labels
            seconds[name] += time.perf_counter() - started
        for name, result in results.items():
            found = overlaps(scene.labels, result, len(NAMES) + 1)
            total[name] = total[name] + found if name in total else found
        yield [Measured(name, total[name], seconds[name] / done) for name in names]


def table(measured: Sequence[Measured]) -> str:
    """Return the results as a table in text, with the classes that lost more than two points."""
    head = f"{'':14}{'mIoU':>7}{f'boundary IoU, {BAND} px':>22}{'seconds':>9}  classes that lost more than 2 points"
    lines = [head]
    for entry in measured:
        lost = ", ".join(f"{name} {change:.1f}" for name, change in entry.lost(measured[0]).items()) or "none"
        said = "" if entry is measured[0] else lost
        lines.append(f"{entry.name:14}{entry.miou:7.1f}{entry.boundary_iou:22.1f}{entry.seconds:9.2f}  {said}".rstrip())
    return "\n".join(lines)


def as_json(measured: Sequence[Measured]) -> str:
    """Return the results as JSON, with the IoU of every class."""
    data = {
        entry.name: {
            "miou": round(entry.miou, 2),
            "boundary_iou": round(entry.boundary_iou, 2),
            "seconds": round(entry.seconds, 3),
            "lost": {name: round(change, 2) for name, change in entry.lost(measured[0]).items()},
            "classes": _by_class(entry.overlaps.iou),
            "boundary_classes": _by_class(entry.overlaps.boundary_iou),
        }
        for entry in measured
    }
    return json.dumps(data, indent=2)


def _by_class(values: np.ndarray) -> dict[str, float | None]:
    return {
        name: None if np.isnan(value) else round(100 * float(value), 1)
        for name, value in zip(NAMES, values[1:], strict=True)
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m napari_cliptrase.evaluate.refinement", description=__doc__)
    parser.add_argument("--scenes", type=int, default=100, help="how many scenes")
    parser.add_argument("--first-seed", type=int, default=0, help="the seed of the first of them")
    parser.add_argument("--size", type=int, default=336, help="side of the scenes in pixels")
    parser.add_argument(
        "--start", choices=("clip", "patches"), default="clip", help="CLIPtrase, or the truth by patches"
    )
    parser.add_argument("--clip", default="demo", help="CLIP model")
    parser.add_argument("--sam", default="demo", help="SAM model: a name or a checkpoint")
    parser.add_argument("--way", choices=[*Method], action="append", help="only this way (may be repeated)")
    parser.add_argument("--json", action="store_true", help="print JSON with the IoU of every class")
    given = parser.parse_args(arguments)
    measured: list[Measured] = []
    try:
        seeds = held_out(given.first_seed, given.scenes)
        refiners = {way: make_refiner(way, sam=given.sam) for way in given.way or [*Method]}
        coarse = from_truth if given.start == "patches" else from_clip(given.clip)
        for so_far in measure(refiners, coarse, seeds, given.size):
            measured = so_far
            sys.stderr.write(".")
            sys.stderr.flush()
    except CliptraseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write("\n")
    sys.stdout.write((as_json(measured) if given.json else table(measured)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
