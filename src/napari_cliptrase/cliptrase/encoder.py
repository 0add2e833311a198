"""Image encoder with semantic correlation recovery: one pass gives patch features and their correlation."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.blocks import Heads, add_attention, add_mlp, run_block, split_heads
from napari_cliptrase.cliptrase.options import PositionKernel, Recovery
from napari_cliptrase.cliptrase.products import linear
from napari_cliptrase.cliptrase.recovery import recovered_block
from napari_cliptrase.cliptrase.towers import VisionTower


@dataclass(frozen=True)
class Patches:
    """What the encoder says about a batch of images of one size.

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
    """

    features: Tensor
    cls: Tensor
    correlation: Tensor | None
    grid: tuple[int, int]


def encode(
    tower: VisionTower,
    images: Tensor,
    *,
    recovery: Recovery = Recovery.CLIPTRASE,
    kernel: PositionKernel = PositionKernel.PAPER,
    correlation: bool = True,
) -> Patches:
    """Encode images (B, 3, H, W), normalised floats of the tower's dtype; H and W are multiples of the patch.

    Differentiable; wrap it in ``torch.inference_mode`` where no gradients are wanted, which also makes it faster.
    """
    height, width = images.shape[-2:]
    if height % tower.patch or width % tower.patch:
        raise ValueError(f"image size {height}×{width} is not a multiple of the patch size {tower.patch}")
    grid = (height // tower.patch, width // tower.patch)
    *first, last_but_one, last = tower.blocks
    x = tower.embed(images, kernel)
    for block in first:
        x = run_block(block, x)
    heads = split_heads(last_but_one, x)
    correlated = correlate(heads) if correlation else None
    x = add_attention(last_but_one, x, F.scaled_dot_product_attention(*heads))
    x = add_mlp(last_but_one, x)
    tokens = F.normalize(tower.project(recovered_block(last, x, grid, recovery)).float(), dim=-1)
    return Patches(tokens[:, 1:], tokens[:, 0], correlated, grid)


def correlate(heads: Heads) -> Tensor:
    """(B, L, L) mean over heads and over q, k, v of the cosine between tokens.

    One matrix product of the unit heads for each of the three: their short sums are more exact than one long one.
    """
    cosines = [_similarity(F.normalize(part.float(), dim=-1).transpose(1, 2).flatten(2)) for part in heads]
    return (cosines[0] + cosines[1] + cosines[2]) / (3 * heads.q.shape[1])


def _similarity(rows: Tensor) -> Tensor:
    """(B, L, n) -> (B, L, L), all scalar products."""
    return torch.stack([linear(image, image) for image in rows])
