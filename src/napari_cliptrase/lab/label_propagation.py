"""A trial: do labels get better when scores are propagated along the correlation of patches (LPOSS)?

    python -m napari_cliptrase.lab.label_propagation --scenes 30

Stojnic et al., *LPOSS: Label Propagation Over Patches and Pixels for Open-vocabulary Semantic Segmentation* (CVPR
2025), written from its equations, with CLIPtrase's own correlation in place of DINO's. ``docs/method.md`` says what
came out.
"""

import argparse
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from napari_cliptrase.array_types import Floats, LabelArray
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.demo.words import LABEL_NAMES, NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.pipeline import (
    PlaneRequest,
    RefineRequest,
    prepare_refiner_steps,
    refine_plane_steps,
    segment_plane_steps,
)
from napari_cliptrase.evaluate.boundaries import BoundaryCounts
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.held_out import held_out
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine.methods import Method, make_refiner

SHARES: Final = (0.5, 0.8, 0.95)
"""How much of a patch's score may come from others; 0.95 is published."""

PROPAGATION_STEPS: Final = 10
FADING: Final = 0.01
"""By how much a link fades with each pixel of distance."""

POWER: Final = 3
PATCH_PIXELS: Final = 16
_TINY: Final = 1e-9


def patch_links(correlation: Floats, grid: tuple[int, int]) -> Floats:
    """(L, L) symmetric weights between patches, of their correlation (L, L) and distance; 0 on the diagonal."""
    places = np.indices(grid).reshape(2, -1).T * PATCH_PIXELS
    distance = np.sqrt(((places[:, None] - places[None]) ** 2).sum(-1))
    links = np.maximum(correlation, 0) ** POWER * np.exp(-FADING * distance)
    links = (links + links.T) / 2
    np.fill_diagonal(links, 0)
    return np.asarray(links, np.float32)


def propagated(scores: Floats, links: Floats, share: float, steps: int = PROPAGATION_STEPS) -> Floats:
    """(L, C) solution Z of (I - share · D^-½ links D^-½) Z = scores (L, C), by conjugate gradients."""
    root = 1 / np.sqrt(np.maximum(links.sum(1), _TINY))
    flow = (share * root[:, None] * links * root).astype(np.float64)
    solution = np.zeros(scores.shape)
    rest = scores.astype(np.float64)
    direction, size = rest.copy(), (rest**2).sum(0)
    for _ in range(steps):
        image = direction - flow @ direction
        length = size / np.maximum((direction * image).sum(0), _TINY**2)
        solution += length * direction
        rest -= length * image
        size, before = (rest**2).sum(0), size
        direction = rest + size / np.maximum(before, _TINY**2) * direction
    return np.asarray(solution, np.float32)


def after_propagation(scores: ClassScores, links: Floats, share: float) -> LabelArray:
    """(H, W) the class with the highest score at each pixel, after the scores were propagated over the patches."""
    flat = scores.maps.reshape(len(scores.ids), -1).T
    spread = np.maximum(propagated(flat, links, share), 0)
    spread /= np.maximum(spread.sum(1, keepdims=True), _TINY)
    found = ClassScores(scores.ids, spread.T.reshape(scores.maps.shape), scores.shape)
    maps = np.stack([found.full(class_id) for class_id in scores.ids])
    return np.asarray(np.asarray(scores.ids, np.uint16)[maps.argmax(0)])


def results(seeds: range, size: int = 336) -> Iterator[tuple[LabelArray, Mapping[str, LabelArray]]]:
    """Yield the truth (H, W) of each scene, and its labels by what was done to them."""
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.models.load import load_model

    segmenter = Segmenter(load_model("demo"))
    pamr = make_refiner(Method.PAMR)
    prompts = PromptSet.parse("\n".join(NAMES))
    for seed in seeds:
        scene = paint_scene(seed, (size, size))
        response = run_to_end(segment_plane_steps(segmenter, PlaneRequest(scene.image, prompts)))
        encoding, out = response.encoding, response.segmentation
        links = patch_links(encoding.windows[0].correlation[1:, 1:], encoding.grid)
        by_way = {"with the vote of regions": out.labels}
        by_way["each pixel on its own"] = after_propagation(out.scores, links, 0.0)
        by_way |= {f"propagated {share}": after_propagation(out.scores, links, share) for share in SHARES}
        prepared = run_to_end(prepare_refiner_steps(pamr, scene.image))
        for way, labels in tuple(by_way.items()):
            request = RefineRequest(labels, out.scores)
            by_way[f"{way}, pamr"] = run_to_end(refine_plane_steps(prepared, request)).labels
        yield scene.labels, by_way


def main() -> None:
    """Print mean IoU and boundary IoU of each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=0)
    chosen = parser.parse_args()
    confusions: dict[str, Confusion] = {}
    boundaries: dict[str, BoundaryCounts] = {}
    for truth, by_way in results(held_out(chosen.first_seed, chosen.scenes)):
        for way, labels in by_way.items():
            confusions.setdefault(way, Confusion.of(LABEL_NAMES)).add(truth, labels)
            counts = BoundaryCounts.of(truth, labels, len(LABEL_NAMES))
            boundaries[way] = boundaries[way] + counts if way in boundaries else counts
    for way, confusion in confusions.items():
        boundary = 100 * float(np.nanmean(boundaries[way].iou[1:]))
        print(f"{way:32}{100 * confusion.mean_iou:7.1f}{boundary:7.1f}")  # noqa: T201 - what the trial is for


if __name__ == "__main__":
    main()
