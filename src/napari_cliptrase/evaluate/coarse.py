"""Coarse segmentations to refine in measurements: the truth as patches show it, or what CLIPtrase finds."""

from collections.abc import Callable
from typing import Final

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import Scene
from napari_cliptrase.engine.likeness import with_likeness
from napari_cliptrase.engine.pipeline import PlaneRequest, segment_plane_steps
from napari_cliptrase.progress import run_to_end

Coarse = Callable[[Scene, int], tuple[LabelArray, ClassScores]]

PATCH: Final = 16


def from_truth(scene: Scene, seed: int) -> tuple[LabelArray, ClassScores]:
    """Return labels (H, W) and scores as a good segmentation by patches gives them, with noise."""
    rng = np.random.default_rng((seed, 31))
    height, width = scene.labels.shape
    rows, columns = -(-height // PATCH), -(-width // PATCH)
    padded = np.pad(scene.labels, ((0, rows * PATCH - height), (0, columns * PATCH - width)), mode="edge")
    ids = tuple(int(i) for i in np.unique(scene.labels))
    shares = np.stack([(padded == i).reshape(rows, PATCH, columns, PATCH).mean((1, 3)) for i in ids])
    noisy = np.clip(shares + rng.normal(0, 0.15, shares.shape), 1e-3, None)
    scores = ClassScores(ids, (noisy / noisy.sum(0)).astype(np.float32), (height, width))
    full = np.stack([scores.full(i) for i in ids])
    return np.asarray(ids, np.uint8)[full.argmax(0)], scores


def from_clip(model: str) -> Coarse:
    """Return a function that segments a scene with CLIPtrase, prompted with all class names of the world."""
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.models.load import load_model

    segmenter = Segmenter(load_model(model))
    prompts = PromptSet.parse("\n".join(NAMES))

    def segment(scene: Scene, seed: int) -> tuple[LabelArray, ClassScores]:
        response = run_to_end(segment_plane_steps(segmenter, PlaneRequest(scene.image, prompts)))
        return response.labels, with_likeness(response.segmentation.scores, response.encoding)

    return segment
