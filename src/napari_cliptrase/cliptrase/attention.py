"""What tokens look at, for looking inside the model: attention before and after recovery."""

import torch
from torch import Tensor

from napari_cliptrase.cliptrase.blocks import Heads, run_block, split_heads
from napari_cliptrase.cliptrase.options import PositionKernel, Recovery
from napari_cliptrase.cliptrase.recovery import attention_weights
from napari_cliptrase.cliptrase.sc_clip import MiddleLayers, calibrated_attention
from napari_cliptrase.cliptrase.towers import VisionTower

Grid = tuple[int, int]


@torch.inference_mode()
def raw_attention(
    tower: VisionTower, image: Tensor, layer: int, *, kernel: PositionKernel = PositionKernel.CLEAN
) -> Tensor:
    """(heads, 1+h*w, 1+h*w) softmax(q·k) of one layer as the model was trained, float32, class token first.

    ``image`` (1, 3, H, W) as for `encoder.encode`; ``layer`` counts from 0, or from the end when negative.
    """
    heads, grid = _heads_at(tower, image, layer, kernel)
    return attention_weights(heads, grid, Recovery.VANILLA)[0]


@torch.inference_mode()
def recovered_attention(
    tower: VisionTower, image: Tensor, recovery: Recovery, *, kernel: PositionKernel = PositionKernel.CLEAN
) -> Tensor:
    """(heads, 1+h*w, 1+h*w) attention of the last layer under a strategy, rows sum to 1, float32, class token first."""
    heads, grid = _heads_at(tower, image, -1, kernel)
    if recovery is not Recovery.SC_CLIP:
        return attention_weights(heads, grid, recovery)[0]
    weights = attention_weights(heads, grid, Recovery.VANILLA)[0]  # which the class token keeps
    weights[:, 1:, 0] = 0
    weights[:, 1:, 1:] = calibrated_attention(tower.blocks[-1], *_middle_layers(tower, image, kernel), grid)[0]
    return weights


def token_map(attention: Tensor, token: int, grid: Grid) -> Tensor:
    """(h, w) mean over heads of what one token takes from each patch; token 0 is the class token."""
    return attention[:, token, 1:].mean(0).view(grid)


def _heads_at(tower: VisionTower, image: Tensor, layer: int, kernel: PositionKernel) -> tuple[Heads, Grid]:
    depth = len(tower.blocks)
    if not -depth <= layer < depth:
        raise IndexError(f"layer {layer} of a model with {depth} layers")
    x = tower.embed(image, kernel)
    for block in tower.blocks[: layer % depth]:
        x = run_block(block, x)
    grid = (image.shape[-2] // tower.patch, image.shape[-1] // tower.patch)
    return split_heads(tower.blocks[layer], x), grid


def _middle_layers(tower: VisionTower, image: Tensor, kernel: PositionKernel) -> tuple[Tensor, MiddleLayers]:
    """Tokens that enter the last block, and what SC-CLIP takes from the blocks before it."""
    layers = MiddleLayers(len(tower.blocks))
    x = tower.embed(image, kernel)
    for number, block in enumerate(tower.blocks[:-1], start=1):
        x = run_block(block, x)
        layers.take(number, x)
    return x, layers
