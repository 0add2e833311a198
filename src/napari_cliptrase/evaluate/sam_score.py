"""Scores of a SAM on scenes that no training has seen: how well a box, or one point, gives a thing."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from napari_cliptrase.demo.words import NAMES, THINGS
from napari_cliptrase.demo.world import Scene, paint_scene
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.overlap import mask_iou
from napari_cliptrase.refine.sam_decoder import DecoderPrompts, decode_masks, to_pixels

LEAST_SCORED_SHARE: Final = 0.002  # share of the picture below which a region is a sliver behind something else


@dataclass(frozen=True, eq=False)
class PromptTarget:
    """A region to find: the visible part (H, W) of one painted element, and its class."""

    name: str
    region: NDArray[np.bool_]

    @property
    def box(self) -> NDArray[np.float32]:
        """(4,) float32 x0, y0, x1, y1."""
        rows, columns = np.flatnonzero(self.region.any(1)), np.flatnonzero(self.region.any(0))
        return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)

    @property
    def middle(self) -> NDArray[np.float32]:
        """(2,) float32 x, y of the pixel that is farthest from the edge: where a person would click."""
        depth = distance_transform_edt(np.pad(self.region, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        return np.array([column, row], np.float32)


def targets_of(scene: Scene) -> Iterator[PromptTarget]:
    """Yield the visible elements of a scene."""
    areas = np.bincount(scene.instances.ravel())
    for number in np.flatnonzero(areas >= LEAST_SCORED_SHARE * scene.instances.size):
        if number:
            region = scene.instances == number
            yield PromptTarget(NAMES[int(scene.labels[region][0]) - 1], region)


def score_sam(
    embedder: Embedder, seeds: range, size: int = 336
) -> Generator[Progress, None, dict[str, dict[str, list[float]]]]:
    """Return the IoU of every target by kind of prompt (``box`` for everything, ``point`` for things) and class."""
    sam = embedder.sam
    found: dict[str, dict[str, list[float]]] = {"box": defaultdict(list), "point": defaultdict(list)}
    for done, seed in enumerate(seeds):
        yield Progress(done, len(seeds), f"scene {seed}")
        scene = paint_scene(seed, (size, size))
        embedding = embedder.embed(scene.image)
        for target in targets_of(scene):
            boxed = decode_masks(sam, embedding, DecoderPrompts(boxes=target.box[None]), several=False)
            mask = next(to_pixels(sam, embedding, boxed.logits[:, 0])) > 0
            found["box"][target.name].append(mask_iou(mask, target.region))
            if target.name in THINGS:
                point = DecoderPrompts(points=target.middle[None, None], marks=np.ones((1, 1), np.float32))
                clicked = decode_masks(sam, embedding, point, several=True)
                best = int(clicked.quality[0].argmax())
                mask = next(to_pixels(sam, embedding, clicked.logits[:, best])) > 0
                found["point"][target.name].append(mask_iou(mask, target.region))
    return found


def sam_summary(found: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, dict[str, float]]:
    """Return the mean IoU over all targets of each kind of prompt, and over those of each class."""
    report = {}
    for kind, by_class in found.items():
        report[kind] = {"mean": float(np.mean([iou for ious in by_class.values() for iou in ious]))}
        report[kind] |= {name: float(np.mean(by_class[name])) for name in NAMES if name in by_class}
    return report


def sam_table(report: Mapping[str, Mapping[str, float]]) -> str:
    """Return a summary as a table in text."""
    rows = [f"{'mean IoU':14}{'true box':>9}{'one point':>11}"]
    for name in ("mean", *NAMES):
        box, point = (f"{report[kind][name]:.3f}" if name in report[kind] else "–" for kind in ("box", "point"))
        rows.append(f"{name:14}{box:>9}{point:>11}")
    return "\n".join(rows)
