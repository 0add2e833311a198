import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch

from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import open_clip_networks
from napari_cliptrase.models.load import load_model
from napari_cliptrase.models.open_clip_networks import skeleton


@pytest.fixture
def timm_folder(tmp_path: Path, tiny_config: dict[str, Any]) -> tuple[Path, Any]:
    """A model of the shape of BiomedCLIP's image side, and open_clip's own module of it."""
    vision = {"timm_model_name": "vit_tiny_patch16_224", "timm_model_pretrained": False, "timm_pool": ""}
    config = tiny_config | {"custom_text": True, "vision_cfg": {**vision, "image_size": 224}}
    settings = deepcopy(config)
    del settings["custom_text"]
    module = open_clip.CustomTextCLIP(**settings).eval()
    torch.save(module.state_dict(), tmp_path / "open_clip_pytorch_model.bin")
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}))
    return tmp_path, module


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("bf16", 0.05)])
def test_a_timm_tower_gives_what_open_clip_gives(
    timm_folder: tuple[Path, Any], precision: str, tolerance: float
) -> None:
    folder, module = timm_folder
    model = load_model(f"local-dir:{folder}", device="cpu", precision=precision)
    image = torch.linspace(-2, 2, 3 * 224 * 224).reshape(1, 3, 224, 224).sin()
    with torch.inference_mode():
        patches = encode(model.vision, image.to(model.vision.dtype), recovery=Recovery.VANILLA)
        expected = module.encode_image(image, normalize=True)
        words = model.text.encode(["a cat"])
        expected_words = module.encode_text(model.tokenizer(["a cat"]), normalize=True)
    assert (patches.cls - expected).abs().max() < tolerance
    assert (words - expected_words).abs().max() < tolerance


def test_a_skeleton_takes_no_memory_and_no_weights(tiny_config: dict[str, Any]) -> None:
    model = skeleton(tiny_config, torch.float32, "x")
    assert all(tensor.is_meta for tensor in model.parameters())


def test_the_callers_config_stays_as_it_is(tiny_config: dict[str, Any]) -> None:
    tiny_config["text_cfg"]["hf_model_name"] = "nobody/none"
    before = deepcopy(tiny_config)
    with pytest.raises(ModelError, match="cannot be built by open_clip"):
        skeleton(tiny_config, torch.float32, "x")
    assert tiny_config == before


def test_a_text_side_that_needs_transformers_says_so(
    write_tiny: Callable[..., Path], tiny_config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_config["text_cfg"] |= {"hf_model_name": "lab/bert", "hf_tokenizer_name": "lab/bert"}
    write_tiny(tmp_path, tiny_config)
    monkeypatch.setattr(open_clip_networks, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="needs the package transformers: pip install transformers"):
        load_model(f"local-dir:{tmp_path}")
