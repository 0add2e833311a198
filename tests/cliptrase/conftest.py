"""Small CLIP models with random weights, and the golden one."""

from pathlib import Path

import open_clip
import pytest
import torch
from open_clip.model import CLIP

GOLDEN = Path(__file__).parents[1] / "data" / "golden"

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}


def small_clip(quick_gelu: bool = True, text: dict | None = None, cast_dtype=None, **vision) -> CLIP:
    """An open_clip model with two heads in each of its few blocks, weights as uneven as trained ones."""
    torch.manual_seed(0)
    shape = {"image_size": 64, "layers": 3, "width": 32, "head_width": 16, "patch_size": 16, **vision}
    model = CLIP(24, shape, {**TEXT, **(text or {})}, quick_gelu=quick_gelu, cast_dtype=cast_dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


@pytest.fixture(scope="session")
def make_clip():
    return small_clip


@pytest.fixture(scope="session")
def clip():
    return small_clip()


@pytest.fixture(scope="session")
def tokenizer():
    return open_clip.get_tokenizer("ViT-B-16")


@pytest.fixture(scope="session")
def toyclip():
    """The model that the golden numbers were made with."""
    return open_clip.create_model(f"local-dir:{GOLDEN / 'toyclip'}").eval()


@pytest.fixture
def images():
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
