"""Encoding, as a share of what plain matrix products reach on the same processor."""

from collections.abc import Callable

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.row import Row
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.products import linear
from napari_cliptrase.models.sam_network import SamShape, build_sam
from napari_cliptrase.timing import interleaved

LIMIT_TARGET = 0.75
_SIDE = 2048
VIT_B = SamShape(
    image_size=1024,
    patch_size=16,
    width=768,
    heads=12,
    mlp_width=3072,
    windows=(14, 14, 0) * 4,
    prompt_width=256,
)
"""The smallest of the published SAMs."""


def encode_limit_row(model: BenchModel, size: int, rounds: int) -> Row:
    """Encoding of one size × size image; the work is counted in open_clip's own pass, recovery is not counted."""
    image = torch.randn(1, 3, size, size)
    work = arithmetic_of(lambda: model.encode_image_as_open_clip(image))
    return _share(f"share of the limit, encode {size}×{size}", lambda: encode(model.vision, image), work, rounds)


def sam_limit_row(rounds: int, shape: SamShape = VIT_B) -> Row:
    """Embedding of one image by a SAM of the published shape with fresh weights."""
    encoder = build_sam(shape).image_encoder
    image = torch.randn(1, 3, shape.image_size, shape.image_size)
    work = arithmetic_of(lambda: encoder(image))
    return _share(f"share of the limit, SAM {shape.name}", lambda: encoder(image), work, rounds)


def arithmetic_of(run: Callable[[], object]) -> int:
    """Multiplications and additions of a pass, as torch counts them: matrix products, convolutions and attention.

    With gradients, since torch does not see into the fused attention that it takes without them.
    """
    with torch.enable_grad(), FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


@torch.inference_mode()
def _share(name: str, run: Callable[[], object], work: int, rounds: int) -> Row:
    x, weight = torch.randn(_SIDE, _SIDE), torch.randn(_SIDE, _SIDE)
    seconds = interleaved(
        {"run": run, "torch": lambda: F.linear(x, weight), "ours": lambda: linear(x, weight)}, rounds, summary=min
    )
    rate = 2 * _SIDE**3 / min(seconds["torch"], seconds["ours"]) / 1e9
    reached = work / seconds["run"] / 1e9
    return Row(
        name=name,
        ours=reached,
        theirs=rate,
        unit="GFLOP/s",
        figure=reached / rate,
        target=LIMIT_TARGET,
        at_most=False,
        note=f"{work / 1e9:.0f} billion operations, against a product of two {_SIDE}×{_SIDE} matrices; best rounds",
    )
