"""A CLIP of the shapes of ViT-B/16 with random weights: as fast as the real one, and nothing is downloaded."""

from dataclasses import dataclass
from typing import Any

import torch
from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD, get_model_config, get_tokenizer
from open_clip.model import CLIP
from torch import Tensor
from torch.func import functional_call

from napari_cliptrase.cliptrase.options import PositionKernel
from napari_cliptrase.cliptrase.positions import Positions
from napari_cliptrase.cliptrase.text_towers import Tokenizer
from napari_cliptrase.cliptrase.towers import TextTower, VisionTower, text_tower, vision_tower
from napari_cliptrase.models.loaded_models import ClipModel

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

    def as_clip_model(self) -> ClipModel:
        """The same networks as the rest of the package takes them."""
        device = self.vision.device
        return ClipModel(
            name=ARCHITECTURE,
            vision=self.vision,
            text=self.text,
            tokenizer=self.tokenizer,
            mean=OPENAI_DATASET_MEAN,
            std=OPENAI_DATASET_STD,
            logit_scale=float(self.module.logit_scale.detach().exp()),
            device=device,
            dtype=self.vision.dtype,
            weights_sha256="",
            fingerprint=f"{ARCHITECTURE}, random",
            vocabulary=None,
            notes=(),
            network=self.module,
        )

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
