"""A CLIP of the shapes of ViT-B/16 with random weights: as fast as the real one, and nothing is downloaded."""

from dataclasses import dataclass
from typing import Any

import torch
from open_clip import get_model_config, get_tokenizer
from open_clip.model import CLIP
from torch import Tensor
from torch.func import functional_call

from napari_cliptrase.cliptrase.options import PositionKernel
from napari_cliptrase.cliptrase.positions import Positions
from napari_cliptrase.cliptrase.text_towers import Tokenizer
from napari_cliptrase.cliptrase.towers import TextTower, VisionTower, text_tower, vision_tower

ARCHITECTURE = "ViT-B-16-quickgelu"


@dataclass(frozen=True)
class BenchModel:
    """The same weights as open_clip runs them and as we do."""

    module: Any
    vision: VisionTower
    text: TextTower
    tokenizer: Tokenizer

    @classmethod
    def random(cls) -> "BenchModel":
        """Build it; the weights are the same each time."""
        torch.manual_seed(0)
        module = CLIP(**get_model_config(ARCHITECTURE)).eval()
        tokenizer = get_tokenizer(ARCHITECTURE)
        return cls(module, vision_tower(module), text_tower(module, tokenizer), tokenizer)

    def encode_image_as_open_clip(self, images: Tensor) -> Tensor:
        """open_clip's own forward pass of the image tower, (B, 3, H, W) -> (B, d).

        At a size other than the native one it gets our positions, since it has none: all else is the same work.
        """
        visual = self.module.visual
        table = visual.positional_embedding
        grid = (images.shape[-2] // self.vision.patch, images.shape[-1] // self.vision.patch)
        patches = Positions(table, self.vision.grid).of(grid, PositionKernel.CLEAN)
        whole = torch.cat([table[:1], patches])
        features: Tensor = functional_call(visual, {"positional_embedding": whole}, (images,))
        return features
