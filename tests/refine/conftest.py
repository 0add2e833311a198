"""Small SAMs: one with random weights of the real class, and one that knows the true regions of its image."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from napari_cliptrase.models.loaded_models import SamModel
from napari_cliptrase.models.sam_network import SamShape, build_sam
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.store import EmbeddingStore
from napari_cliptrase.refine.timings import Timings

TINY = SamShape(
    image_size=64,
    patch_size=8,
    width=32,
    heads=2,
    mlp_width=64,
    windows=(4, 0),
    prompt_width=32,
    decoder_mlp_width=32,
    iou_width=32,
)
Oracle = Callable[..., Embedder]


@pytest.fixture
def tiny_sam() -> SamModel:
    torch.manual_seed(0)
    return model_of(build_sam(TINY).requires_grad_(False), 64)


@pytest.fixture
def embedder(tiny_sam: SamModel, tmp_path: Path) -> Embedder:
    return embedder_of(tiny_sam, tmp_path)


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    """Return an embedder whose SAM draws the region of ``truth`` (S, S) under the first point of each prompt.

    ``truth`` numbers regions; ``quality`` gives the IoU that it claims for each number, 1 by default.
    """

    def make(truth: np.ndarray, quality: dict[int, float] | None = None) -> Embedder:
        return embedder_of(model_of(OracleSam(truth, quality or {}), truth.shape[0]), tmp_path)

    return make


def embedder_of(sam: SamModel, folder: Path) -> Embedder:
    return Embedder(sam, EmbeddingStore(folder / "embeddings"), Timings(folder / "timings.json"))


def model_of(module: Any, image_size: int) -> SamModel:
    mask_size = module.prompt_encoder.mask_input_size[0]
    return SamModel("test", module, torch.device("cpu"), torch.float32, "0" * 64, image_size, mask_size, ())


class OracleSam:
    """Speaks as segment-anything does, for one square image at its own size, and knows the answer to every point."""

    def __init__(self, truth: np.ndarray, quality: dict[int, float]) -> None:
        self.truth = torch.from_numpy(truth.astype(np.int64))
        self.quality = quality
        side = truth.shape[0]
        self.image_encoder = Encoder()
        self.prompt_encoder = PromptPasser(side)

    def preprocess(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels

    def mask_decoder(
        self, *, sparse_prompt_embeddings: torch.Tensor, multimask_output: bool, **_: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = sparse_prompt_embeddings[:, 0].round().long().unbind(1)
        numbers = self.truth[y, x]
        region = (self.truth[None] == numbers[:, None, None]).float()
        logits = functional.avg_pool2d(region[:, None], 2) * 24 - 12
        quality = torch.tensor([[self.quality.get(int(number), 1.0)] for number in numbers])
        copies = 3 if multimask_output else 1
        return logits.repeat(1, copies, 1, 1), quality.repeat(1, copies)


class Encoder:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return torch.zeros(1, 4, 8, 8)


class PromptPasser:
    """Hands the points on, where the real one would embed them."""

    def __init__(self, side: int) -> None:
        self.mask_input_size = (side // 2, side // 2)

    def __call__(self, points: Any, boxes: Any, masks: Any) -> tuple[torch.Tensor, torch.Tensor]:
        return points[0], torch.zeros(len(points[0]))

    def get_dense_pe(self) -> torch.Tensor:
        return torch.zeros(1)


@pytest.fixture
def picture() -> SimpleNamespace:
    """A gray image (64, 64, 3) of two halves with a disc on them, its true labels 1, 2, 3, and a coarse version."""
    y, x = np.mgrid[:64, :64]
    truth = np.where(x < 33, 1, 2)
    truth[(y - 30) ** 2 + (x - 20) ** 2 < 14**2] = 3
    coarse = truth[4::8, 4::8].repeat(8, 0).repeat(8, 1)
    shades = np.array([0, 40, 140, 230], np.uint8)
    rng = np.random.default_rng(0)
    image = shades[truth][..., None].repeat(3, 2) + rng.integers(0, 12, (64, 64, 1), dtype=np.uint8)
    return SimpleNamespace(image=image.astype(np.uint8), truth=truth.astype(np.uint8), coarse=coarse.astype(np.uint8))
