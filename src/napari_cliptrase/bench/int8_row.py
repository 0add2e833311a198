"""Encoding with weights of eight bits, compared with float32."""

import torch

from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.row import Row
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.towers import in_int8
from napari_cliptrase.timing import interleaved

INT8_TARGET = 0.77
"""1 / 1.3: less would not be worth the rounding."""


@torch.inference_mode()
def int8_row(model: BenchModel, size: int, rounds: int) -> Row:
    """Features and correlation of one size × size image, with all weights of the blocks in int8 and in float32."""
    image, rounded = torch.randn(1, 3, size, size), in_int8(model.vision)
    seconds = interleaved({"int8": lambda: encode(rounded, image), "fp32": lambda: encode(model.vision, image)}, rounds)
    alike = (encode(rounded, image).features * encode(model.vision, image).features).sum(-1).min()
    return Row(
        name=f"encode {size}×{size} in int8",
        ours=seconds["int8"] * 1e3,
        theirs=seconds["fp32"] * 1e3,
        unit="ms",
        figure=seconds["int8"] / seconds["fp32"],
        target=INT8_TARGET,
        at_most=True,
        note=f"--precision int8 against fp32; the cosine of both features is at least {float(alike):.4f}",
    )
