"""The networks of plain CLIP models, as weights under the names of their checkpoints.

A vision transformer with a class token, and a text transformer whose tokens see only those before them: the models of
OpenAI, LAION, DataComp, MetaCLIP and DFN. `towers` takes them apart and computes with the parts.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_cliptrase.cliptrase.clip_shape import ClipShape, TextShape, TransformerShape, VisionShape


class ClipNetwork(nn.Module):
    """Weights of both sides; ``visual`` and ``text`` are taken apart by `towers`."""

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        self.visual = VisionNetwork(shape.vision, shape.dim, shape.quick_gelu)
        self.text = TextNetwork(shape.text, shape.dim, shape.quick_gelu)
        self.logit_scale = nn.Parameter(torch.empty(shape.scale_shape))
        self.logit_bias = nn.Parameter(torch.empty(shape.scale_shape)) if shape.bias else None

    def lower_precision(self, dtype: torch.dtype) -> None:
        """Turn the weights of all matrix products to ``dtype``; norms, positions and the token table stay as they are.

        As open_clip's mixed precision has it.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d | JointAttention):
                for parameter in module.parameters(recurse=False):
                    parameter.data = parameter.data.to(dtype)
        for projection in (self.visual.proj, self.text.text_projection):
            if isinstance(projection, nn.Parameter):
                projection.data = projection.data.to(dtype)


class VisionNetwork(nn.Module):
    """Weights of an image side."""

    def __init__(self, shape: VisionShape, dim: int, quick_gelu: bool) -> None:
        super().__init__()
        width = shape.transformer.width
        self.grid_size = shape.grid
        self.conv1 = PatchCutter(3, width, shape.patch, shape.patch, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(width))
        self.positional_embedding = nn.Parameter(torch.empty(shape.grid[0] * shape.grid[1] + 1, width))
        self.ln_pre = FloatNorm(width) if shape.norm_before else nn.Identity()
        self.transformer = TransformerNetwork(shape.transformer, quick_gelu)
        self.ln_post = FloatNorm(width)
        self.proj = nn.Parameter(torch.empty(width, dim))


class TextNetwork(nn.Module):
    """Weights of a text side."""

    def __init__(self, shape: TextShape, dim: int, quick_gelu: bool) -> None:
        super().__init__()
        width = shape.transformer.width
        self.end = shape.end
        self.token_embedding = TokenTable(shape.vocabulary, width)
        self.positional_embedding = nn.Parameter(torch.empty(shape.context, width))
        self.transformer = TransformerNetwork(shape.transformer, quick_gelu)
        self.ln_final = FloatNorm(width)
        self.text_projection: nn.Linear | nn.Parameter | None
        match shape.projection:
            case "matrix":
                self.text_projection = nn.Parameter(torch.empty(width, dim))
            case "layer":
                self.text_projection = DenseLayer(width, dim)
            case _:
                self.text_projection = None


class TransformerNetwork(nn.Module):
    """A stack of blocks."""

    def __init__(self, shape: TransformerShape, quick_gelu: bool) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(BlockNetwork(shape, quick_gelu) for _ in range(shape.layers))


class BlockNetwork(nn.Module):
    """Weights of one pre-norm transformer block."""

    def __init__(self, shape: TransformerShape, quick_gelu: bool) -> None:
        super().__init__()
        self.ln_1 = FloatNorm(shape.width)
        self.attn = JointAttention(shape.width, shape.heads)
        self.ls_1 = LayerScale(shape.width) if shape.layer_scale else nn.Identity()
        self.ln_2 = FloatNorm(shape.width)
        self.mlp = nn.ModuleDict(
            {
                "c_fc": DenseLayer(shape.width, shape.mlp_width),
                "gelu": QuickGELU() if quick_gelu else nn.GELU(),
                "c_proj": DenseLayer(shape.mlp_width, shape.width),
            }
        )
        self.ls_2 = LayerScale(shape.width) if shape.layer_scale else nn.Identity()


class JointAttention(nn.Module):
    """Weights of self-attention, with one projection to queries, keys and values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.num_heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = DenseLayer(width, width)


class QuickGELU(nn.Module):
    """OpenAI's approximation of GELU."""

    def forward(self, x: Tensor) -> Tensor:
        """``x * sigmoid(1.702 x)``."""
        return x * torch.sigmoid(1.702 * x)


class LayerScale(nn.Module):
    """A learned factor for each channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        return x * self.gamma


# Weights come from a file: random ones before that cost time, and torch loads its compiler to draw them.


class DenseLayer(nn.Linear):
    """A linear layer without weights of its own."""

    def reset_parameters(self) -> None:
        """Leave them as they are."""


class PatchCutter(nn.Conv2d):
    """The convolution that makes a token of each patch, without weights of its own."""

    def reset_parameters(self) -> None:
        """Leave them as they are."""


class TokenTable(nn.Embedding):
    """A row for each token, without weights of its own."""

    def reset_parameters(self) -> None:
        """Leave them as they are."""


class FloatNorm(nn.LayerNorm):
    """A layer norm that computes in the number type of its weights, and gives back that of its input."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        return F.layer_norm(x.to(self.weight.dtype), self.normalized_shape, self.weight, self.bias, self.eps).to(
            x.dtype
        )
