"""timm vision transformers with a class token and fused qkv, as open_clip wraps them (the shape of BiomedCLIP)."""

from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor, nn

from napari_cliptrase.cliptrase.blocks import Affine, Block
from napari_cliptrase.cliptrase.options import PositionKernel
from napari_cliptrase.cliptrase.patches import place_tokens
from napari_cliptrase.cliptrase.positions import Positions


@dataclass(frozen=True, eq=False)
class TimmVision:
    """A `VisionTower` over open_clip's ``TimmModel``, whose parameters it shares."""

    trunk: Any
    head: Any
    patch: int
    grid: tuple[int, int]
    dim: int
    blocks: tuple[Block, ...]
    positions: Positions = field(repr=False)

    @classmethod
    def of(cls, visual: Any) -> Self:
        """Take the tower apart; `families.refusal` has checked that this is possible."""
        trunk = visual.trunk
        grid = (int(trunk.patch_embed.grid_size[0]), int(trunk.patch_embed.grid_size[1]))
        width = torch.zeros(1, 1, trunk.embed_dim, dtype=trunk.pos_embed.dtype, device=trunk.pos_embed.device)
        with torch.no_grad():
            dim = visual.head(trunk.head(width)).shape[-1]
        return cls(
            trunk=trunk,
            head=visual.head,
            patch=int(trunk.patch_embed.proj.kernel_size[0]),
            grid=grid,
            dim=int(dim),
            blocks=tuple(timm_block(block) for block in trunk.blocks),
            positions=Positions(trunk.pos_embed, grid),
        )

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return torch.device(self.trunk.patch_embed.proj.weight.device)

    @property
    def dtype(self) -> torch.dtype:
        """Of the patch projection, hence of the images."""
        dtype: torch.dtype = self.trunk.patch_embed.proj.weight.dtype
        return dtype

    def embed(self, images: Tensor, kernel: PositionKernel) -> Tensor:
        """(B, 3, H, W) -> (B, 1+h*w, D)."""
        trunk = self.trunk
        grid = (images.shape[-2] // self.patch, images.shape[-1] // self.patch)
        first = trunk.cls_token[0, 0]
        if not trunk.no_embed_class:
            first = first + trunk.pos_embed[0, 0]
        tokens = place_tokens(trunk.patch_embed.proj, images, first, self.positions.of(grid, kernel))
        normed: Tensor = trunk.norm_pre(tokens)
        return normed

    def project(self, tokens: Tensor) -> Tensor:
        """(B, n, D) -> (B, n, dim)."""
        features: Tensor = self.head(self.trunk.head(self.trunk.norm(tokens)))
        return features


def timm_block(block: Any) -> Block:
    """Parts of timm's pre-norm ``Block``."""
    attention, mlp = block.attn, block.mlp
    return Block(
        heads=int(attention.num_heads),
        norm_1=block.norm1,
        qkv=Affine(attention.qkv.weight, attention.qkv.bias),
        out=Affine(attention.proj.weight, attention.proj.bias),
        norm_2=block.norm2,
        expand=Affine(mlp.fc1.weight, mlp.fc1.bias),
        activation=mlp.act,
        reduce=Affine(mlp.fc2.weight, mlp.fc2.bias),
        scale_1=None if isinstance(block.ls1, nn.Identity) else block.ls1,
        scale_2=None if isinstance(block.ls2, nn.Identity) else block.ls2,
    )
