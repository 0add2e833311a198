"""Encoding an image, compared with open_clip's own forward pass."""

import torch
from torch.nn import functional as F

from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.row import Row
from napari_cliptrase.cliptrase.denoise import affinity
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.options import PositionKernel, Recovery
from napari_cliptrase.cliptrase.regions import dbscan, eps_for, min_samples_for
from napari_cliptrase.timing import interleaved

ENCODE_TARGET = 1.0
_SAME = 1e-4


@torch.inference_mode()
def encode_row(model: BenchModel, size: int, rounds: int) -> Row:
    """Features, correlation and regions of one size × size image against open_clip's embedding of it."""
    image = torch.randn(1, 3, size, size)

    def ours() -> object:
        patches = encode(model.vision, image)
        assert patches.correlation is not None
        rows = affinity(patches.correlation[0])
        return dbscan(rows, eps_for(len(rows)), min_samples_for(len(rows)))

    def theirs() -> object:
        return model.encode_image_as_open_clip(image)

    _check(model, image)
    seconds = interleaved({"ours": ours, "theirs": theirs}, rounds)
    return Row(
        name=f"encode {size}×{size}",
        ours=seconds["ours"] * 1e3,
        theirs=seconds["theirs"] * 1e3,
        unit="ms",
        figure=seconds["ours"] / seconds["theirs"],
        target=ENCODE_TARGET,
        at_most=True,
        note="features, correlation and regions, against open_clip's encode_image; batch 1, float32",
    )


def _check(model: BenchModel, image: torch.Tensor) -> None:
    """Both run the same weights: without recovery the results are equal."""
    ours = encode(model.vision, image, recovery=Recovery.VANILLA, kernel=PositionKernel.CLEAN).cls
    theirs = F.normalize(model.encode_image_as_open_clip(image), dim=-1)
    if (ours - theirs).abs().max() > _SAME:
        raise RuntimeError("The two encoders do not compute the same; their times cannot be compared.")
