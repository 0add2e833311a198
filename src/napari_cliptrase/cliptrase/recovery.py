"""The last block, with attention between patches that mean the same. One function per published strategy."""

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


def _mix(heads: Heads, grid: tuple[int, int], recovery: Recovery) -> Tensor:
    """(B, heads, L, d) values after attention."""
    q, k, v = heads
    match recovery:
        case Recovery.CLIPTRASE:
            return _attend(q, q, v) + _attend(k, k, v) + _attend(v, v, v)
        case Recovery.SCLIP:
            return _attend(q, q, v) + _attend(k, k, v)
        case Recovery.CLEARCLIP:
            return _attend(q, q, v)
        case Recovery.NACLIP:
            return _attend(k, k, v, neighbourhood(grid, k))
        case Recovery.MASKCLIP:
            return v
        case Recovery.VANILLA:
            return _attend(q, k, v)


def _attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)


def neighbourhood(grid: tuple[int, int], like: Tensor) -> Tensor:
    """(1+h*w, 1+h*w) NACLIP's additive bias: a Gaussian of the distance between patches, 0 for the class token."""
    rows, columns = (torch.arange(size, device=like.device, dtype=torch.float32) for size in grid)
    by_row, by_column = ((axis[:, None] - axis).square().div_(-2 * NEIGHBOURHOOD**2).exp_() for axis in (rows, columns))
    bias = like.new_zeros(1 + grid[0] * grid[1], 1 + grid[0] * grid[1])
    bias[1:, 1:] = torch.einsum("ab,cd->acbd", by_row, by_column).flatten(2).flatten(0, 1).to(like.dtype)
    return bias
