"""What the method needs of a CLIP model, whichever library built it, and the choice of the adapter."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor, nn

from napari_cliptrase.cliptrase.blocks import Block
from napari_cliptrase.cliptrase.families import refusal
from napari_cliptrase.cliptrase.open_clip_vision import OpenClipVision
from napari_cliptrase.cliptrase.options import PositionKernel
from napari_cliptrase.cliptrase.text_towers import CausalText, Tokenizer, WholeText
from napari_cliptrase.cliptrase.timm_vision import TimmVision
from napari_cliptrase.errors import ModelError


class VisionTower(Protocol):
    """The image side of a CLIP model, as parts."""

    @property
    def patch(self) -> int:
        """Side of a patch, in pixels."""

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) patches of the size it was trained at."""

    @property
    def dim(self) -> int:
        """Length of a feature."""

    @property
    def device(self) -> torch.device:
        """Where it is."""

    @property
    def dtype(self) -> torch.dtype:
        """What images have to be given in."""

    @property
    def blocks(self) -> Sequence[Block]:
        """The transformer, at least two blocks."""

    def embed(self, images: Tensor, kernel: PositionKernel) -> Tensor:
        """Images (B, 3, H, W) to tokens (B, 1+h*w, D) that enter the first block, class token first."""

    def project(self, tokens: Tensor) -> Tensor:
        """Tokens (B, n, D) after the last block to features (B, n, dim) in the space shared with text."""


class TextTower(Protocol):
    """The text side of a CLIP model."""

    @property
    def dim(self) -> int:
        """Length of a feature."""

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """(n, dim) float32 unit rows, one for each sentence."""


def vision_tower(module: nn.Module) -> VisionTower:
    """Adapt the image tower of an open_clip model (the model itself or its ``visual``).

    Raises
    ------
    ModelError
        When the method cannot work with this kind of tower; the sentence says which kind and why.
    """
    visual = getattr(module, "visual", module)
    reason = refusal(visual)
    if reason is not None:
        raise ModelError(reason)
    return TimmVision.of(visual) if hasattr(visual, "trunk") else OpenClipVision.of(visual)


def in_int8(tower: VisionTower) -> VisionTower:
    """Return the tower with the weights of its blocks rounded to eight bits; for processors alone."""
    assert isinstance(tower, OpenClipVision | TimmVision)
    return replace(tower, blocks=tuple(block.in_int8() for block in tower.blocks))


def text_tower(module: nn.Module, tokenizer: Tokenizer) -> TextTower:
    """Adapt the text side of an open_clip model; prompts are cut at their end where that is exact."""
    parts = CausalText.of(module, tokenizer)
    return parts if parts is not None else WholeText(module, tokenizer)
