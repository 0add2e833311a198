"""The attention of a model as it was trained, to look at."""

import torch
from torch import Tensor

from napari_cliptrase.cliptrase.blocks import Heads, run_block, split_heads
from napari_cliptrase.cliptrase.options import PositionKernel, Recovery
from napari_cliptrase.cliptrase.recovery import attention_weights
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
def attention_by_layer(
    tower: VisionTower, image: Tensor, *, kernel: PositionKernel = PositionKernel.CLEAN
) -> tuple[Tensor, ...]:
    """(1+h*w, 1+h*w) softmax(q·k) of every layer as the model was trained, mean over heads, float32, class token first.

    ``image`` (1, 3, H, W) as for `encoder.encode`; the model runs once for all layers.
    """
    grid = (image.shape[-2] // tower.patch, image.shape[-1] // tower.patch)
    x = tower.embed(image, kernel)
    found = []
    for block in tower.blocks:
        found.append(attention_weights(split_heads(block, x), grid, Recovery.VANILLA)[0].mean(0))
        x = run_block(block, x)
    return tuple(found)


def _heads_at(tower: VisionTower, image: Tensor, layer: int, kernel: PositionKernel) -> tuple[Heads, Grid]:
    depth = len(tower.blocks)
    if not -depth <= layer < depth:
        raise IndexError(f"layer {layer} of a model with {depth} layers")
    x = tower.embed(image, kernel)
    for block in tower.blocks[: layer % depth]:
        x = run_block(block, x)
    grid = (image.shape[-2] // tower.patch, image.shape[-1] // tower.patch)
    return split_heads(tower.blocks[layer], x), grid
