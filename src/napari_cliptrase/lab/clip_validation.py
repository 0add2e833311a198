"""A quick score of the whole method on validation scenes, to choose among checkpoints."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.denoise import affinity
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.region_masks import region_map
from napari_cliptrase.cliptrase.regions import dbscan, eps_for, min_samples_for
from napari_cliptrase.cliptrase.towers import VisionTower
from napari_cliptrase.cliptrase.vote import majority, paint
from napari_cliptrase.demo.words import LABEL_NAMES, NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.held_out import FIRST_VALIDATION_SEED
from napari_cliptrase.lab.clip_model import CONFIG

VALIDATION_SIZE: Final = (336, 336)
_SENTENCES: Final = ("a photo of a {}.", "a painting of the {}.", "there is a {} in the scene.")


def method_miou(tower: VisionTower, embed: Callable[[Sequence[str]], Tensor], scenes: int = 24) -> float:
    """Return the mean IoU of recovered features and the vote of regions on validation scenes at 336 pixels."""
    text = F.normalize(
        torch.stack([embed([sentence.format(name) for name in NAMES]) for sentence in _SENTENCES]).sum(0)
    )
    confusion = Confusion.of(LABEL_NAMES)
    for seed in range(FIRST_VALIDATION_SEED, FIRST_VALIDATION_SEED + scenes):
        scene = paint_scene(seed, VALIDATION_SIZE)
        patches = encode(tower, normalised(scene.image).to(tower.device))
        assert patches.correlation is not None
        maps = (patches.features[0] @ text.t()).t().view(1, len(NAMES), *patches.grid)
        labels = F.interpolate(maps, VALIDATION_SIZE, mode="bilinear")[0].argmax(0).cpu().numpy().astype(np.uint8)
        rows = affinity(patches.correlation[0].cpu())
        found = dbscan(rows, eps_for(len(rows)), min_samples_for(len(rows)))
        regions = region_map(rows, found, patches.grid, VALIDATION_SIZE)
        confusion.add(scene.labels, paint(labels, regions, majority(labels, regions, len(NAMES))) + 1)
    return confusion.mean_iou


def normalised(image: np.ndarray) -> Tensor:
    """Picture (H, W, 3) uint8 to model input (1, 3, H, W) float32."""
    cfg = CONFIG["preprocess_cfg"]
    mean, std = (torch.tensor(cfg[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    return (torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255 - mean) / std
