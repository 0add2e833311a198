"""Vision transformers with class-token pooling, ours or open_clip's: OpenAI, LAION, DataComp, MetaCLIP, DFN weights."""

from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor, nn

from napari_cliptrase.cliptrase.blocks import Affine, Block
from napari_cliptrase.cliptrase.options import PositionKernel
from napari_cliptrase.cliptrase.patches import place_tokens
from napari_cliptrase.cliptrase.positions import Positions
from napari_cliptrase.cliptrase.products import linear


@dataclass(frozen=True, eq=False)
class OpenClipVision:
    """A `VisionTower` over a `VisionNetwork` or open_clip's ``VisionTransformer``, whose parameters it shares."""

    visual: Any
    patch: int
    grid: tuple[int, int]
    dim: int
    blocks: tuple[Block, ...]
    positions: Positions = field(repr=False)

    @classmethod
    def of(cls, visual: Any) -> Self:
        """Take the tower apart; `families.refusal` has checked that this is possible."""
        grid = (int(visual.grid_size[0]), int(visual.grid_size[1]))
        return cls(
            visual=visual,
            patch=int(visual.conv1.kernel_size[0]),
            grid=grid,
            dim=int(visual.output_dim if visual.proj is None else visual.proj.shape[1]),
            blocks=tuple(open_clip_block(block) for block in visual.transformer.resblocks),
            positions=Positions(visual.positional_embedding, grid),
        )

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return torch.device(self.visual.conv1.weight.device)

    @property
    def dtype(self) -> torch.dtype:
        """Of the patch projection, hence of the images."""
        dtype: torch.dtype = self.visual.conv1.weight.dtype
        return dtype

    def embed(self, images: Tensor, kernel: PositionKernel) -> Tensor:
        """(B, 3, H, W) -> (B, 1+h*w, D)."""
        visual = self.visual
        grid = (images.shape[-2] // self.patch, images.shape[-1] // self.patch)
        first = visual.class_embedding + visual.positional_embedding[0]
        tokens: Tensor = visual.ln_pre(place_tokens(visual.conv1, images, first, self.positions.of(grid, kernel)))
        return tokens

    def project(self, tokens: Tensor) -> Tensor:
        """(B, n, D) -> (B, n, dim)."""
        normed: Tensor = self.visual.ln_post(tokens)
        return normed if self.visual.proj is None else linear(normed, self.visual.proj.t())


def open_clip_block(block: Any) -> Block:
    """Parts of a `BlockNetwork` or open_clip's ``ResidualAttentionBlock``, by the names that all of them share."""
    attention, mlp = block.attn, block.mlp
    return Block(
        heads=int(attention.num_heads),
        norm_1=block.ln_1,
        qkv=Affine(attention.in_proj_weight, attention.in_proj_bias),
        out=Affine(attention.out_proj.weight, attention.out_proj.bias),
        norm_2=block.ln_2,
        expand=Affine(mlp.c_fc.weight, mlp.c_fc.bias),
        activation=None if type(mlp.gelu).__name__ == "QuickGELU" else mlp.gelu,
        reduce=Affine(mlp.c_proj.weight, mlp.c_proj.bias),
        scale_1=None if isinstance(block.ls_1, nn.Identity) else block.ls_1,
        scale_2=None if isinstance(block.ls_2, nn.Identity) else block.ls_2,
    )
