"""Image encoder with semantic correlation recovery: one pass gives patch features and their correlation."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.blocks import Heads, add_attention, add_mlp, split_heads
from napari_cliptrase.cliptrase.options import PositionKernel, Recovery
from napari_cliptrase.cliptrase.products import linear
from napari_cliptrase.cliptrase.recovery import class_token_block, recovered_block
from napari_cliptrase.cliptrase.sc_clip import MiddleLayers, calibrated_patches
from napari_cliptrase.cliptrase.towers import VisionTower


@dataclass(frozen=True)
class Patches:
    """What the encoder returns for a batch of images of one size.

    Attributes
    ----------
    features
        (B, h*w, d) unit rows, row by row from the top left.
    cls
        (B, d) unit rows: the class token, which stands for the image.
    correlation
        (B, 1+h*w, 1+h*w) in [-1, 1], class token first; None when it was not asked for.
    grid
        (h, w) patches.
    attention
        (B, h*w, h*w) what patches take from each other, mean over heads and all blocks but the last; None when it was
        not asked for.
    """

    features: Tensor
    cls: Tensor
    correlation: Tensor | None
    grid: tuple[int, int]
    attention: Tensor | None = None


def encode(
    tower: VisionTower,
    images: Tensor,
    *,
    recovery: Recovery = Recovery.CLIPTRASE,
    kernel: PositionKernel = PositionKernel.PAPER,
    correlation: bool = True,
    attention: bool = False,
) -> Patches:
    """Encode images (B, 3, H, W), normalised floats of the tower's dtype; H and W are multiples of the patch.

    Differentiable; wrap it in ``torch.inference_mode`` where no gradients are needed, which also makes it faster.
    """
    height, width = images.shape[-2:]
    if height % tower.patch or width % tower.patch:
        raise ValueError(f"image size {height}×{width} is not a multiple of the patch size {tower.patch}")
    grid = (height // tower.patch, width // tower.patch)
    *before, last = tower.blocks
    layers = MiddleLayers(len(tower.blocks)) if recovery is Recovery.SC_CLIP else None
    correlated = None
    x = tower.embed(images, kernel)
    total = x.new_zeros(*x.shape[:2], x.shape[1], dtype=torch.float32) if attention else None
    for number, block in enumerate(before, start=1):
        heads = split_heads(block, x)
        if correlation and block is before[-1]:
            correlated = correlate(heads)
        if total is not None:
            add_attention_weights(total, heads)
        x = add_mlp(block, add_attention(block, x, F.scaled_dot_product_attention(*heads)))
        if layers is not None:
            layers.take(number, x)
    mean = None if total is None else total[:, 1:, 1:] / (len(before) * last.heads)
    if layers is None:
        out = recovered_block(last, x, grid, recovery)
    else:
        out = torch.cat([class_token_block(last, x), calibrated_patches(last, x, layers, grid)], dim=1)
    tokens = F.normalize(tower.project(out).float(), dim=-1)
    return Patches(tokens[:, 1:], tokens[:, 0], correlated, grid, mean)


def add_attention_weights(total: Tensor, heads: Heads) -> None:
    """Add what tokens take from each other in a block as it was trained, over all heads, to ``total`` (B, 1+L, 1+L)."""
    queries = heads.q * heads.q.shape[-1] ** -0.5
    for q, k in zip(queries.unbind(1), heads.k.unbind(1), strict=True):  # a head at once stays in the cache
        total += (q @ k.transpose(-1, -2)).float().softmax(-1)


def correlate(heads: Heads) -> Tensor:
    """(B, L, L) mean over heads and over q, k, v of the cosine between tokens.

    One matrix product of the unit heads for each of the three: their short sums are more exact than one long one.
    """
    cosines = [_similarity(F.normalize(part.float(), dim=-1).transpose(1, 2).flatten(2)) for part in heads]
    return (cosines[0] + cosines[1] + cosines[2]) / (3 * heads.q.shape[1])


def _similarity(rows: Tensor) -> Tensor:
    """(B, L, n) -> (B, L, L), all scalar products."""
    return torch.stack([linear(image, image) for image in rows])
