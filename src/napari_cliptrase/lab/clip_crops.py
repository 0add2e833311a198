"""Batches of crops for the training of the demo CLIP."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.lab.clip_model import CONFIG
from napari_cliptrase.lab.pictures import Crops, Pictures, cut


def draw_batch(
    sources: Sequence[Pictures], side: int, batch: int, rng: np.random.Generator
) -> tuple[Crops, Tensor, Tensor]:
    """Cut ``batch`` crops of several sizes, in turn from each source.

    Returns the crops, images (B, 3, side, side) normalised, and frames (B, 4): the part of a picture that each shows.
    """
    groups, images = [], []
    count = max(batch // 8, 1)
    for i in range(0, batch, count):
        source = sources[(i // count) % len(sources)]
        size = source.images.shape[1]
        length = side * float(np.exp(rng.uniform(np.log(0.75), np.log(2.0))))
        crops = cut(source, min(count, batch - i), int(min(length, size)), rng)
        groups.append(crops)
        pixels = torch.from_numpy(crops.images).permute(0, 3, 1, 2).float() / 255
        images.append(F.interpolate(pixels, (side, side), mode="bilinear"))
    joined = Crops(
        np.empty((0, 0, 0, 3), np.uint8),  # the scaled images go on as a tensor
        np.concatenate([group.frames for group in groups]),
        np.concatenate([group.shares for group in groups]),
        np.concatenate([group.counts for group in groups]),
    )
    cfg = CONFIG["preprocess_cfg"]
    mean, std = (torch.tensor(cfg[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    gain = torch.from_numpy(rng.uniform(0.85, 1.15, (batch, 3, 1, 1)).astype(np.float32)) ** 0.5
    shown = torch.cat(images) * gain
    return joined, (shown - mean) / std, _place(joined.frames, rng)


def _place(frames: NDArray[np.float32], rng: np.random.Generator) -> Tensor:
    """Move half of the frames elsewhere in the picture, so that place is only a hint."""
    extent = frames[:, 2:] - frames[:, :2]
    corner = np.where(
        rng.random((len(frames), 1)) < 0.5,
        frames[:, :2],
        rng.random((len(frames), 2)) * (1 - extent),
    )
    return torch.from_numpy(np.concatenate([corner, corner + extent], 1).astype(np.float32))
