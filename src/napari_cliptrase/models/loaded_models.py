"""Models that are ready to work: the weights on their device, and what is known about them."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from napari_cliptrase.cliptrase.text_towers import Tokenizer
from napari_cliptrase.cliptrase.towers import TextTower, VisionTower
from napari_cliptrase.models.clip_config import Numbers
from napari_cliptrase.models.device import release


@dataclass(frozen=True, eq=False)
class ClipModel:
    """A CLIP model on its device.

    Attributes
    ----------
    name
        The name given to `load_model`, in its usual spelling.
    vision, text
        The two towers, as `napari_cliptrase.cliptrase` takes them.
    tokenizer
        Texts -> (n, context) int64 tokens.
    mean, std
        Of the red, green and blue values between 0 and 1 that the model was trained with.
    logit_scale
        What similarities are multiplied with before a softmax.
    device, dtype
        Where the weights are, and their number type: of the matrices, and with int8 of those of the image side alone.
    weights_sha256
        Of the weights file.
    fingerprint
        Of everything that the numbers depend on: the weights, how they are built in (the same file gives other numbers
        with another activation), the normalisation and the number type. Caches use it as the key of a model.
    vocabulary
        The words that the model knows, when they are few (the demo); None for all others.
    notes
        What the user should know: the device, and everything that is not as they may expect.
    network
        The module that holds the weights.
    """

    name: str
    vision: VisionTower = field(repr=False)
    text: TextTower = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)
    mean: Numbers
    std: Numbers
    logit_scale: float
    device: torch.device
    dtype: torch.dtype
    weights_sha256: str
    fingerprint: str = field(repr=False)
    vocabulary: frozenset[str] | None = field(repr=False)
    notes: tuple[str, ...]
    network: nn.Module = field(repr=False)

    def close(self) -> None:
        """Free the memory of the weights at once, even while others hold this model; it cannot be used again."""
        release(self.network, self.device)


@dataclass(frozen=True, eq=False)
class SamModel:
    """A segment-anything network on its device.

    Attributes
    ----------
    name
        The name given to `load_sam`.
    module
        ``segment_anything``'s ``Sam``, or ``mobile_sam``'s: the image encoder in ``dtype``, the rest in float32,
        since prompts in half precision miss their place.
    device, dtype
        Where the weights are, and the number type of the image encoder.
    weights_sha256
        Of the weights file.
    image_size
        Side of the square that the encoder takes, in pixels.
    mask_size
        Side of its low-resolution masks.
    notes
        What the user should know: the variant that was found, and the device.
    """

    name: str
    module: Any = field(repr=False)
    device: torch.device
    dtype: torch.dtype
    weights_sha256: str
    image_size: int
    mask_size: int
    notes: tuple[str, ...]

    def close(self) -> None:
        """Free the memory of the weights at once, even while others hold this model; it cannot be used again."""
        release(self.module, self.device)
