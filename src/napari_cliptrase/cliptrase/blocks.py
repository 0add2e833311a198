"""One transformer block, taken apart: the pieces that recovered attention needs, and the arithmetic on them.

While gradients are recorded every step makes new tensors; otherwise the residual stream is updated in place.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.int8_weight import Int8Weight
from napari_cliptrase.cliptrase.products import Weight, linear

QUICK_GELU = 1.702

SameShape = Callable[[Tensor], Tensor]
"""A module that keeps the shape: a norm, an activation, a layer scale."""


class Affine(NamedTuple):
    """A linear layer's parameters: weight (out, in), bias (out,)."""

    weight: Weight
    bias: Tensor | None

    @property
    def dtype(self) -> torch.dtype:
        """The number type that inputs must have."""
        return torch.float32 if isinstance(self.weight, Int8Weight) else self.weight.dtype

    def in_int8(self) -> "Affine":
        """The same layer with its weight rounded to eight bits."""
        if isinstance(self.weight, Int8Weight):
            return self
        return Affine(Int8Weight.rounded(self.weight), None if self.bias is None else self.bias.detach().float())

    def times(self, factor: float) -> "Affine":
        """The same layer for inputs that are ``factor`` times too large: its outputs are, too."""
        return Affine(self.weight, None if self.bias is None else self.bias * factor)

    def __call__(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        return linear(x, self.weight, self.bias)


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
    norm_1: SameShape
    qkv: Affine
    out: Affine
    norm_2: SameShape
    expand: Affine
    activation: SameShape | None
    reduce: Affine
    scale_1: SameShape | None = None
    scale_2: SameShape | None = None

    def in_int8(self) -> "Block":
        """The same block with all of its weights rounded to eight bits; norms and sums stay as they are."""
        return replace(
            self,
            qkv=self.qkv.in_int8(),
            out=self.out.in_int8(),
            expand=self.expand.in_int8(),
            reduce=self.reduce.in_int8(),
        )


class Heads(NamedTuple):
    """Queries, keys and values of one block: (B, heads, tokens, head width) each."""

    q: Tensor
    k: Tensor
    v: Tensor


def split_heads(block: Block, x: Tensor) -> Heads:
    """Project tokens x (B, L, D) into queries, keys and values of each head, views of one tensor."""
    qkv = block.qkv(block.norm_1(x))
    q, k, v = qkv.view(*qkv.shape[:2], 3, block.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
    return Heads(q, k, v)


def merge_heads(mixed: Tensor) -> Tensor:
    """(B, heads, L, d) -> (B, L, heads * d)."""
    return mixed.transpose(1, 2).flatten(2)


def add_attention(block: Block, x: Tensor, mixed: Tensor) -> Tensor:
    """Residual step after attention: x (B, L, D) plus the projected heads ``mixed`` (B, heads, L, d)."""
    return _add(x, block.out(merge_heads(mixed)), block.scale_1)


def add_mlp(block: Block, x: Tensor) -> Tensor:
    """Residual step of the MLP: x (B, L, D) -> (B, L, D)."""
    normed = block.norm_2(x)
    if block.activation is not None:
        return _add(x, block.reduce(block.activation(block.expand(normed))), block.scale_2)
    # x·sigmoid(ax) = silu(ax)/a: one pass over the wide hidden layer; the factors go where tensors are narrow
    hidden = block.expand.times(QUICK_GELU)(normed * QUICK_GELU)
    hidden = F.silu(hidden, inplace=not torch.is_grad_enabled())
    return _add(x, block.reduce.times(QUICK_GELU)(hidden), block.scale_2, 1 / QUICK_GELU)


def run_block(block: Block, x: Tensor, *, causal: bool = False) -> Tensor:
    """The block as it was trained: x (B, L, D) -> (B, L, D)."""
    mixed = F.scaled_dot_product_attention(*split_heads(block, x), is_causal=causal)
    return add_mlp(block, add_attention(block, x, mixed))


def _add(x: Tensor, branch: Tensor, layer_scale: SameShape | None, factor: float = 1.0) -> Tensor:
    """``x + layer_scale(factor * branch)``, in place unless gradients are recorded."""
    if layer_scale is not None:
        branch, factor = layer_scale(branch * factor), 1.0
    return x.add(branch, alpha=factor) if torch.is_grad_enabled() else x.add_(branch, alpha=factor)
