"""One transformer block, taken apart: the pieces that recovered attention needs, and the arithmetic on them.

While gradients are recorded every step makes new tensors. Otherwise the blocks of a pass share their large buffers
and the residual stream is updated in place: on a CPU, fresh memory for temporaries costs more than much of the
arithmetic.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

QUICK_GELU = 1.702

Step = Callable[[Tensor], Tensor]
"""A module that keeps the shape: a norm, an activation, a layer scale."""


class Affine(NamedTuple):
    """A linear layer's parameters: weight (out, in), bias (out,)."""

    weight: Tensor
    bias: Tensor | None


@dataclass(frozen=True, eq=False)
class Block:
    """The parts of a pre-norm transformer block, whichever library built it.

    Attributes
    ----------
    heads
        Number of attention heads.
    norm_1, norm_2
        Layer norms before attention and MLP.
    qkv, out
        Projections into stacked queries, keys, values (3D, D) and out of the heads (D, D).
    expand, reduce
        The two layers of the MLP.
    activation
        What is between them; None stands for QuickGELU, which is computed in a cheaper way here.
    scale_1, scale_2
        Layer scales of the two branches, where the model has them.
    """

    heads: int
    norm_1: Step
    qkv: Affine
    out: Affine
    norm_2: Step
    expand: Affine
    activation: Step | None
    reduce: Affine
    scale_1: Step | None = None
    scale_2: Step | None = None


class Heads(NamedTuple):
    """Queries, keys and values of one block: (B, heads, tokens, head width) each."""

    q: Tensor
    k: Tensor
    v: Tensor


@dataclass(eq=False)
class Scratch:
    """The large buffers that the blocks of one pass share; unused while gradients are recorded."""

    _buffers: dict[str, Tensor] = field(default_factory=dict)

    def affine(self, slot: str, x: Tensor, layer: Affine, scale: float = 1.0) -> Tensor:
        """``scale * (x @ weight.T + bias)``: x (B, L, in) -> (B, L, out), in the buffer named ``slot``."""
        if torch.is_grad_enabled():
            y = F.linear(x, layer.weight, layer.bias)
            return y if scale == 1.0 else y * scale
        rows = x.flatten(0, -2)
        buffer = self._buffer(slot, rows, len(layer.weight))
        if layer.bias is None:
            torch.mm(rows, layer.weight.t(), out=buffer)
            if scale != 1.0:
                buffer.mul_(scale)
        else:
            torch.addmm(layer.bias, rows, layer.weight.t(), beta=scale, alpha=scale, out=buffer)
        return buffer.view(*x.shape[:-1], -1)

    def _buffer(self, slot: str, like: Tensor, width: int) -> Tensor:
        known = self._buffers.get(slot)
        if known is None or known.shape != (len(like), width) or known.dtype != like.dtype:
            known = like.new_empty(len(like), width)
            self._buffers[slot] = known
        return known


def split_heads(block: Block, x: Tensor, scratch: Scratch) -> Heads:
    """Project tokens x (B, L, D) into queries, keys and values of each head (views of one buffer)."""
    qkv = scratch.affine("qkv", block.norm_1(x), block.qkv)
    q, k, v = qkv.view(*qkv.shape[:2], 3, block.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
    return Heads(q, k, v)


def add_attention(block: Block, x: Tensor, mixed: Tensor) -> Tensor:
    """Residual step after attention: x (B, L, D) plus the projected heads ``mixed`` (B, heads, L, d)."""
    return _add(x, merge_heads(mixed), block.out, block.scale_1)


def merge_heads(mixed: Tensor) -> Tensor:
    """(B, heads, L, d) -> (B, L, heads * d)."""
    return mixed.transpose(1, 2).flatten(2)


def add_mlp(block: Block, x: Tensor, scratch: Scratch) -> Tensor:
    """Residual step of the MLP: x (B, L, D) -> (B, L, D)."""
    normed = block.norm_2(x)
    if block.activation is None:
        # x·sigmoid(ax) = silu(ax)/a: one pass over the hidden layer, the factors ride along in the two products
        hidden = scratch.affine("hidden", normed, block.expand, QUICK_GELU)
        return _add(x, F.silu(hidden, inplace=not torch.is_grad_enabled()), block.reduce, block.scale_2, 1 / QUICK_GELU)
    hidden = block.activation(scratch.affine("hidden", normed, block.expand))
    return _add(x, hidden, block.reduce, block.scale_2)


def run_block(block: Block, x: Tensor, scratch: Scratch, *, causal: bool = False) -> Tensor:
    """The block as it was trained: x (B, L, D) -> (B, L, D)."""
    heads = split_heads(block, x, scratch)
    mixed = F.scaled_dot_product_attention(heads.q, heads.k, heads.v, is_causal=causal)
    return add_mlp(block, add_attention(block, x, mixed), scratch)


def _add(x: Tensor, branch: Tensor, layer: Affine, layer_scale: Step | None, factor: float = 1.0) -> Tensor:
    """``x + layer_scale(factor * branch @ weight.T + bias)``."""
    if torch.is_grad_enabled() or layer_scale is not None:
        y = F.linear(branch if factor == 1.0 else branch * factor, layer.weight, layer.bias)
        return x + (y if layer_scale is None else layer_scale(y))
    rows = x.view(-1, x.shape[-1])
    rows.addmm_(branch.flatten(0, -2), layer.weight.t(), alpha=factor)
    if layer.bias is not None:
        rows.add_(layer.bias)
    return x
