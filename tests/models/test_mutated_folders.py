"""Model folders that somebody damaged: each loads or is refused in one sentence, soon, and with little memory.

The seeds below are a short run; NAPARI_CLIPTRASE_MUTATIONS asks for more of them.
"""

import json
import math
import os
import random
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.load import load_model

COUNT = int(os.environ.get("NAPARI_CLIPTRASE_MUTATIONS", "200"))
SECONDS = 10

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 7, 16, 1e300, -0.5, 0.1, 2**31, 2**63, 10**30, math.nan, math.inf, "", "16",
    "ü", "\ud800", "x" * 5000, [], [1], [16, 16], [3, 4, 5, 6], [[1]], {}, {"a": 1}, "hf-hub:nobody/none",
    "vit_tiny_patch16_224", "resnet18", "../../etc/passwd", "tok", "avg", "eos",
)  # fmt: skip

NAMES = (
    "timm_model_name", "timm_pool", "timm_proj", "hf_model_name", "hf_tokenizer_name", "tokenizer_kwargs", "pool_type",
    "pos_embed_type", "attentional_pool", "ls_init_value", "block_type", "qk_norm", "act_kwargs", "norm_kwargs",
    "no_ln_pre", "mlp_ratio", "embed_cls", "proj_type", "proj_bias", "patch_dropout", "init_logit_bias",
    "multimodal_cfg", "eos_id", "image_size", "custom_text", "unheard_of",
)  # fmt: skip


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places of values in nested data."""
    found = [path] if path else []
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return found + [place for key, value in items for place in places(value, (*path, key))]


def mutate(config: dict[str, Any], dice: random.Random) -> str:
    """The text of a description with one to three things wrong, or with broken syntax."""
    data: Any = deepcopy(config)
    for _ in range(dice.randint(1, 3)):
        where = places(data)
        if not where:
            break
        *parents, last = dice.choice(where)
        inside = data
        for key in parents:
            inside = inside[key]
        match dice.randint(0, 3):
            case 0 if isinstance(inside, dict):
                inside[dice.choice(NAMES)] = dice.choice(ODD)
            case 1:
                del inside[last]
            case _:
                inside[last] = deepcopy(dice.choice(ODD))
    text = json.dumps(data)
    match dice.randint(0, 19):
        case 0:
            return text[: dice.randint(0, len(text))]
        case 1:
            return "[" * 100_000
        case 2:
            return dice.choice(("", "null", "[]", "\x00", "{}", text + text))
    return text


def cut_or_flip(data: bytes, dice: random.Random) -> bytes:
    """The bytes of a file with an end cut off, or a few bits turned over near its beginning."""
    if dice.random() < 0.3:
        return data[: dice.randint(0, len(data))]
    flipped = bytearray(data)
    for _ in range(dice.randint(1, 5)):
        flipped[dice.randrange(min(len(data), 4000))] ^= 1 << dice.randint(0, 7)
    return bytes(flipped)


def loads_or_is_refused(folder: Path) -> None:
    started, output = time.perf_counter(), "loaded"
    try:
        load_model(f"local-dir:{folder}", "cpu")
    except ModelError as error:
        output = str(error)
    assert output.strip()
    assert "\n" not in output
    assert time.perf_counter() - started < SECONDS


@pytest.fixture
def folder(tiny_config: dict[str, Any], write_tiny: Callable[..., Path], tmp_path: Path, no_network: object) -> Path:
    write_tiny(tmp_path / "model", tiny_config)
    return tmp_path / "model"


def test_descriptions(folder: Path) -> None:
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["preprocess_cfg"] = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    for seed in range(COUNT):
        text = mutate(config, random.Random(seed))
        (folder / "open_clip_config.json").write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            loads_or_is_refused(folder)
        except BaseException as error:
            raise AssertionError(f"seed {seed}: {text[:2000]}") from error


@pytest.mark.parametrize("kind", ["safetensors", "pickle"])
def test_weights(folder: Path, tiny_module: Any, kind: str) -> None:
    import torch

    path = folder / "open_clip_model.safetensors"
    if kind == "pickle":
        path.unlink()
        path = folder / "open_clip_pytorch_model.bin"
        torch.save(tiny_module.state_dict(), path)
    whole = path.read_bytes()
    for seed in range(COUNT // 4):
        path.write_bytes(cut_or_flip(whole, random.Random(seed)))
        try:
            loads_or_is_refused(folder)
        except BaseException as error:
            raise AssertionError(f"seed {seed}") from error


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("vision_cfg.image_size", 10**9, "vision_cfg.image_size has to be a whole number from 1 to 8192"),
        ("vision_cfg.layers", 10**9, "vision_cfg.layers has to be a whole number from 1 to 256"),
        ("vision_cfg.width", "32", "vision_cfg.width has to be a whole number from 1 to 65536, not '32'"),
        ("vision_cfg.head_width", 64, "vision_cfg.head_width 64 is larger than vision_cfg.width"),
        ("vision_cfg.head_width", 10, "vision_cfg.width 32 cannot be divided by its 3 heads"),
        ("vision_cfg.patch_size", 64, "vision_cfg.image_size 32 is smaller than a patch of 64 pixels"),
        ("vision_cfg.timm_model_name", "hf-hub:a/b", "asks for an image tower 'hf-hub:a/b' that timm .* does not know"),
        ("text_cfg.heads", 3, "text_cfg.width 16 cannot be divided by its 3 heads"),
        ("text_cfg.vocab_size", 10, "text_cfg.vocab_size has to be at least 49408"),
        ("text_cfg.context_length", math.nan, "cannot be read as JSON"),
        ("quick_gelu", "yes", "quick_gelu has to be true or false, not 'yes'"),
        ("embed_dim", None, "embed_dim has to be a whole number"),
        ("unheard_of", 1, "unheard_of is not a field that open_clip knows"),
        ("vision_cfg", 3, "vision_cfg has to be an object, not 3"),
    ],
)
def test_the_sentence_names_file_and_field(folder: Path, field: str, value: Any, says: str) -> None:
    path = folder / "open_clip_config.json"
    data = json.loads(path.read_text())
    inside = data["model_cfg"]
    *parents, last = field.split(".")
    for key in parents:
        inside = inside[key]
    inside[last] = value
    path.write_text(json.dumps(data))
    with pytest.raises(ModelError, match=says) as caught:
        load_model(f"local-dir:{folder}", "cpu")
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize(
    ("preprocess", "says"),
    [
        (3, "preprocess_cfg has to be an object, not 3"),
        ({"mean": [1, 2]}, r"preprocess_cfg\.mean has to be three numbers"),
        ({"std": ["a", "b", "c"]}, r"preprocess_cfg\.std has to be three numbers"),
        ({"std": [0.5, 0, 0.5]}, r"preprocess_cfg\.std has to be three numbers above 0"),
    ],
)
def test_what_is_wrong_with_the_normalisation_is_named(folder: Path, preprocess: Any, says: str) -> None:
    path = folder / "open_clip_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"preprocess_cfg": preprocess}))
    with pytest.raises(ModelError, match=says):
        load_model(f"local-dir:{folder}", "cpu")
