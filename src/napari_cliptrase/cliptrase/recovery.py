"""The last block, with attention between patches that mean the same: one line per published strategy."""

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.blocks import Block, Heads, add_attention, add_mlp, merge_heads, split_heads
from napari_cliptrase.cliptrase.options import Recovery

NEIGHBOURHOOD = 5.0
"""Standard deviation, in patches, of the Gaussian that NACLIP adds to its attention."""

_TRAINED_FORM = frozenset({Recovery.CLIPTRASE, Recovery.SCLIP, Recovery.VANILLA})
"""Strategies that keep the residual connection and the MLP of the block."""


def recovered_block(block: Block, x: Tensor, grid: tuple[int, int], recovery: Recovery) -> Tensor:
    """Run the last block on tokens x (B, 1+h*w, D), class token first, with a recovery strategy.

    Without gradients x may be overwritten.
    """
    mixed = _mix(split_heads(block, x), grid, recovery)
    if recovery in _TRAINED_FORM:
        return add_mlp(block, add_attention(block, x, mixed))
    return block.out(merge_heads(mixed))


def class_token_block(block: Block, x: Tensor) -> Tensor:
    """(B, 1, D) the class token after the last block as it was trained, of tokens x (B, 1+h*w, D)."""
    heads = split_heads(block, x)
    mixed = F.scaled_dot_product_attention(heads.q[:, :, :1], heads.k, heads.v)
    return add_mlp(block, add_attention(block, x[:, :1].clone(), mixed))


def attention_weights(heads: Heads, grid: tuple[int, int], recovery: Recovery) -> Tensor:
    """(B, heads, L, L) attention weights of the tokens under a strategy; rows sum to 1."""
    pairs = _pairs(heads, recovery)
    if not pairs:
        return torch.eye(heads.v.shape[2], device=heads.v.device).expand(*heads.v.shape[:2], -1, -1)
    bias = neighbourhood(grid, heads.k) if recovery is Recovery.NACLIP else 0
    scale = heads.q.shape[-1] ** -0.5
    maps = [(scale * (a @ b.transpose(-1, -2)) + bias).float().softmax(-1) for a, b in pairs]
    return torch.stack(maps).mean(0)


def neighbourhood(grid: tuple[int, int], like: Tensor) -> Tensor:
    """(1+h*w, 1+h*w) NACLIP's additive bias: a Gaussian of the distance between patches, 0 for the class token."""
    axes = [torch.arange(size, device=like.device, dtype=torch.float32) for size in grid]
    by_row, by_column = ((axis[:, None] - axis).square().div_(-2 * NEIGHBOURHOOD**2).exp_() for axis in axes)
    bias = like.new_zeros(1 + grid[0] * grid[1], 1 + grid[0] * grid[1])
    bias[1:, 1:] = torch.kron(by_row, by_column)
    return bias


def _mix(heads: Heads, grid: tuple[int, int], recovery: Recovery) -> Tensor:
    """(B, heads, L, d) values after attention: the sum, not the mean, where a strategy attends more than once."""
    bias = neighbourhood(grid, heads.k) if recovery is Recovery.NACLIP else None
    mixed = [F.scaled_dot_product_attention(a, b, heads.v, attn_mask=bias) for a, b in _pairs(heads, recovery)]
    return torch.stack(mixed).sum(0) if len(mixed) > 1 else mixed[0] if mixed else heads.v


def _pairs(heads: Heads, recovery: Recovery) -> tuple[tuple[Tensor, Tensor], ...]:
    """What is compared with what, in each of the attentions of a strategy; none: each token keeps its own value."""
    q, k, v = heads
    match recovery:
        case Recovery.CLIPTRASE:
            return (q, q), (k, k), (v, v)
        case Recovery.SCLIP:
            return (q, q), (k, k)
        case Recovery.CLEARCLIP:
            return ((q, q),)
        case Recovery.NACLIP:
            return ((k, k),)
        case Recovery.MASKCLIP:
            return ()
        case Recovery.VANILLA:
            return ((q, k),)
        case Recovery.SC_CLIP:
            raise ValueError("SC-CLIP looks at other layers as well; see sc_clip.calibrated_patches.")
