from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch

from napari_cliptrase.cliptrase.clip_network import ClipNetwork
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.models.clip_config import make_recipe
from napari_cliptrase.models.folders import clip_folder
from napari_cliptrase.models.load import build_plain, load_model


def build(config: dict[str, Any], weights: dict[str, Any], dtype: torch.dtype = torch.float32) -> ClipNetwork:
    shape = make_recipe(config, {}, "x").shape
    assert shape is not None
    return build_plain(shape, weights, dtype, "x")


def test_names_with_and_without_text_in_front_are_one_model(tiny_config: dict[str, Any], tiny_module: Any) -> None:
    short = dict(tiny_module.state_dict())
    long = {name if name.startswith(("visual.", "logit_")) else f"text.{name}": short[name] for name in short}
    first, second = (build(tiny_config, weights).state_dict() for weights in (short, long))
    assert first.keys() == second.keys() == long.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_half_precision_files_become_the_precision_that_was_asked_for(
    tiny_config: dict[str, Any], tiny_module: Any
) -> None:
    weights = {name: value.half() for name, value in tiny_module.state_dict().items()}
    built = build(tiny_config, weights)
    assert {parameter.dtype for parameter in built.parameters()} == {torch.float32}
    mixed = build(tiny_config, weights, torch.bfloat16)
    assert mixed.visual.conv1.weight.dtype == torch.bfloat16
    assert mixed.visual.ln_pre.weight.dtype == torch.float32


def test_the_model_does_not_share_memory_with_its_file(tiny_config: dict[str, Any], tiny_module: Any) -> None:
    weights = {name: value.clone() for name, value in tiny_module.state_dict().items()}
    built = build(tiny_config, weights)
    weights["visual.proj"].zero_()
    assert built.visual.proj.abs().max() > 0


def test_weights_ask_for_no_gradients(tiny_config: dict[str, Any], tiny_module: Any) -> None:
    built = build(tiny_config, dict(tiny_module.state_dict()))
    assert not any(parameter.requires_grad for parameter in built.parameters())
    assert not built.training


@pytest.mark.slow
def test_true_size_with_quick_gelu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ViT-B-16/openai from a file of true shapes, as it would lie in the cache."""
    from safetensors.torch import save_file

    torch.manual_seed(0)
    module = open_clip.create_model("ViT-B-16-quickgelu").eval()
    folder = clip_folder("ViT-B-16/openai")
    folder.mkdir(parents=True)
    save_file(module.state_dict(), folder / "open_clip_model.safetensors")
    model = load_model("ViT-B-16/openai", device="cpu")
    image = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        patches = encode(model.vision, image, recovery=Recovery.VANILLA)
        expected = module.encode_image(image, normalize=True)
        words = model.text.encode(["a photo of a cat."])
        expected_words = module.encode_text(model.tokenizer(["a photo of a cat."]), normalize=True)
    assert (patches.cls - expected).abs().max() < 1e-6
    assert (words - expected_words).abs().max() < 1e-6
    assert patches.features.shape == (1, 196, 512)
