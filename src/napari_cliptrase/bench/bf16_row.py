"""Encoding in bfloat16, compared with open_clip's pass in float32."""

import copy

import torch

from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.row import Row
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.towers import vision_tower
from napari_cliptrase.models.device import has_bfloat16
from napari_cliptrase.timing import interleaved

BF16_TARGET = 0.6


@torch.inference_mode()
def bf16_row(model: BenchModel, size: int, rounds: int) -> Row | None:
    """Features and correlation of one size × size image in bfloat16; None where the processor lacks the numbers."""
    if not has_bfloat16():
        return None
    image = torch.randn(1, 3, size, size)
    short, tower = image.bfloat16(), vision_tower(copy.deepcopy(model.module.visual).bfloat16())
    seconds = interleaved(
        {"bf16": lambda: encode(tower, short), "theirs": lambda: model.encode_image_as_open_clip(image)}, rounds
    )
    alike = (encode(tower, short).features.float() * encode(model.vision, image).features).sum(-1).min()
    return Row(
        name=f"encode {size}×{size} in bf16",
        ours=seconds["bf16"] * 1e3,
        theirs=seconds["theirs"] * 1e3,
        unit="ms",
        figure=seconds["bf16"] / seconds["theirs"],
        target=BF16_TARGET,
        at_most=True,
        note="--precision bf16 against open_clip's encode_image in float32; `auto` takes it where it is fast. The "
        f"cosine of the features to those of fp32 is at least {float(alike):.4f}",
    )
