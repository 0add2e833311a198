"""Encoding the windows of several images together, compared with one after the other.

Windows of one image are encoded together. Those of several images are not: a window would get slightly other features
with other neighbours, and a batch that was interrupted would not give the same bytes.
"""

import torch

from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.row import Row
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.timing import interleaved

TOGETHER = 4


@torch.inference_mode()
def together_row(model: BenchModel, size: int, rounds: int) -> Row:
    """Features and correlation of four size × size windows in one pass and in four."""
    windows = torch.randn(TOGETHER, 3, size, size)

    def one_by_one() -> torch.Tensor:
        return torch.cat([encode(model.vision, window[None]).features for window in windows])

    seconds = interleaved({"together": lambda: encode(model.vision, windows), "one": one_by_one}, rounds)
    apart = float((encode(model.vision, windows).features - one_by_one()).abs().max())
    return Row(
        name=f"encode {TOGETHER} windows {size}×{size} together",
        ours=seconds["together"] * 1e3 / TOGETHER,
        theirs=seconds["one"] * 1e3 / TOGETHER,
        unit="ms",
        figure=seconds["together"] / seconds["one"],
        target=1.0,
        at_most=True,
        note=f"for each window, against one after the other; the features differ by up to {apart:.0e}",
    )
