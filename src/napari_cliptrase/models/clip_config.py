"""The description of a CLIP model, as open_clip writes it: every field checked, before anything is built from it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from napari_cliptrase.cliptrase.clip_shape import ClipShape, TextShape, TransformerShape, VisionShape
from napari_cliptrase.errors import ModelError
from napari_cliptrase.json_file import read_json

Numbers = tuple[float, float, float]

# what OpenAI normalised images with, and most others after it
OPENAI_MEAN: Final[Numbers] = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD: Final[Numbers] = (0.26862954, 0.26130258, 0.27577711)

TOKENS: Final = 49408
"""Of the tokenizer that all plain models share."""

_LARGEST_FILE: Final = 1 << 20  # real ones have a few kilobytes


@dataclass(frozen=True)
class Recipe:
    """How to build a CLIP model and how its images are normalised.

    ``config`` is open_clip's ``model_cfg``; ``shape`` are its sizes if it is a plain model, which we build ourselves.
    """

    config: dict[str, Any]
    mean: Numbers
    std: Numbers
    shape: ClipShape | None


def read_config(path: Path) -> Recipe:
    """Return the recipe in an ``open_clip_config.json``."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ModelError(f"{path} is too large for the description of a model.")
        data = read_json(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as JSON ({error}).") from error
    if not isinstance(data, dict) or not isinstance(data.get("model_cfg"), dict):
        raise ModelError(f"{path} does not describe a CLIP model; expected an object with 'model_cfg'.")
    preprocess = data.get("preprocess_cfg") or {}
    if not isinstance(preprocess, dict):
        raise _wrong(str(path), "preprocess_cfg", preprocess, "an object")
    return make_recipe(data["model_cfg"], preprocess, str(path))


def make_recipe(config: dict[str, Any], preprocess: Mapping[str, Any], source: str) -> Recipe:
    """Return the recipe of a ``model_cfg`` and a ``preprocess_cfg``; ``source`` names the file or model in errors."""
    lacking = [name for name in ("embed_dim", "vision_cfg", "text_cfg") if name not in config]
    if lacking:
        raise ModelError(f"{source} does not describe a CLIP model: 'model_cfg' lacks {', '.join(lacking)}.")
    _check(config, _MODEL, source, "")
    _check(config["vision_cfg"], _VISION, source, "vision_cfg.")
    _check(config["text_cfg"], _TEXT, source, "text_cfg.")
    mean = _three(preprocess.get("mean"), OPENAI_MEAN, source, "mean")
    std = _three(preprocess.get("std"), OPENAI_STD, source, "std")
    if min(std) <= 0:
        raise _wrong(source, "preprocess_cfg.std", list(std), "three numbers above 0")
    return Recipe(config, mean, std, _shape(config, source))


# ---- fields

_Kind = tuple[str, Callable[[Any], bool]]
"""What a field has to be: in words, and as a test."""


def _whole(least: int, most: int) -> _Kind:
    return (
        f"a whole number from {least} to {most}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
    )


def _number(least: float, most: float) -> _Kind:
    return f"a number from {least:g} to {most:g}", lambda value: _is_number(value) and least <= value <= most


def _list_of(kind: _Kind, counts: tuple[int, ...], words: str) -> _Kind:
    def fits(value: Any) -> bool:
        return isinstance(value, list) and len(value) in counts and all(kind[1](item) for item in value)

    return f"{words}, each {kind[0]}", fits


def _either(*kinds: _Kind) -> _Kind:
    return " or ".join(words for words, _ in kinds), lambda value: any(fits(value) for _, fits in kinds)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1 << 63 if isinstance(value, int) else math.isfinite(value)


_FLAG: _Kind = ("true or false", lambda value: isinstance(value, bool))
_NOTHING: _Kind = ("null", lambda value: value is None)
_NAME: _Kind = ("a name", lambda value: isinstance(value, str) and len(value) < 200 and value.isprintable())
_OBJECT: _Kind = ("an object", lambda value: isinstance(value, dict))
_WIDTH = _whole(1, 1 << 16)
_DEPTH = _whole(1, 256)
_SHARE = _number(0, 1)
_SIDE = _whole(1, 1 << 13)
_SIDES = _either(_SIDE, _list_of(_SIDE, (2,), "two of them"))
_COUNT = _whole(0, 1 << 21)

_BLOCKS: Final[Mapping[str, _Kind]] = {
    "width": _WIDTH,
    "mlp_ratio": _number(0.01, 64),
    "ls_init_value": _either(_number(-1e6, 1e6), _NOTHING),
    "act_kwargs": _either(_OBJECT, _NOTHING),
    "norm_kwargs": _either(_OBJECT, _NOTHING),
    "block_type": _either(_NAME, _NOTHING),
    "output_tokens": _FLAG,
    "final_ln_after_pool": _FLAG,
    "pool_type": _NAME,
    **dict.fromkeys(
        ("qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc"), _FLAG
    ),
}

_MODEL: Final[Mapping[str, _Kind]] = {
    "embed_dim": _WIDTH,
    "vision_cfg": _OBJECT,
    "text_cfg": _OBJECT,
    "multimodal_cfg": _OBJECT,
    "quick_gelu": _FLAG,
    "custom_text": _FLAG,
    "init_logit_scale": _number(-100, 100),
    "init_logit_bias": _either(_number(-1000, 1000), _NOTHING),
    "nonscalar_logit_scale": _FLAG,
    "output_dict": _FLAG,
}

_VISION: Final[Mapping[str, _Kind]] = {
    **_BLOCKS,
    "layers": _either(_DEPTH, _list_of(_DEPTH, (4,), "four of them")),
    "head_width": _WIDTH,
    "patch_size": _either(_SIDES, _NOTHING),
    "image_size": _SIDES,
    "patch_dropout": _SHARE,
    "attentional_pool": _either(_FLAG, _NAME),
    "attn_pooler_queries": _WIDTH,
    "attn_pooler_heads": _WIDTH,
    "no_ln_pre": _FLAG,
    "pos_embed_type": _NAME,
    "timm_model_name": _either(_NAME, _NOTHING),
    "timm_model_pretrained": _FLAG,
    "timm_pool": _either(_NAME, _NOTHING),
    "timm_proj": _either(_NAME, _NOTHING),
    "timm_proj_bias": _FLAG,
    "timm_drop": _SHARE,
    "timm_drop_path": _either(_SHARE, _NOTHING),
}

_TEXT: Final[Mapping[str, _Kind]] = {
    **_BLOCKS,
    "context_length": _whole(2, 1 << 13),
    "vocab_size": _whole(1, 1 << 21),
    "hf_tokenizer_name": _either(_NAME, _NOTHING),
    "tokenizer_mode": _either(_NAME, _NOTHING),
    "tokenizer_kwargs": _either(_OBJECT, _NOTHING),
    "heads": _WIDTH,
    "layers": _DEPTH,
    "embed_cls": _FLAG,
    "pad_id": _COUNT,
    "eos_id": _COUNT,
    "no_causal_mask": _FLAG,
    "proj_bias": _FLAG,
    "proj_type": _NAME,
    "hf_model_name": _either(_NAME, _NOTHING),
    "hf_model_pretrained": _FLAG,
    "hf_proj_type": _either(_NAME, _NOTHING),
    "hf_pooler_type": _either(_NAME, _NOTHING),
}


def _check(fields: Mapping[str, Any], known: Mapping[str, _Kind], source: str, prefix: str) -> None:
    for name, value in fields.items():
        if name not in known:
            raise ModelError(f"{source}: {prefix}{name} is not a field that open_clip knows; remove it.")
        words, fits = known[name]
        if not fits(value):
            raise _wrong(source, prefix + name, value, words)


def _three(numbers: Any, default: Numbers, source: str, name: str) -> Numbers:
    if numbers is None:
        return default
    if not isinstance(numbers, list | tuple) or len(numbers) != 3 or not all(map(_is_number, numbers)):
        raise _wrong(source, f"preprocess_cfg.{name}", numbers, "three numbers")
    red, green, blue = map(float, numbers)
    return red, green, blue


def _wrong(source: str, field: str, value: Any, expected: str) -> ModelError:
    text = repr(value)
    return ModelError(f"{source}: {field} has to be {expected}, not {text if len(text) < 40 else f'{text[:36]}…'}.")


# ---- sizes


def _shape(config: Mapping[str, Any], source: str) -> ClipShape | None:
    """Return the sizes of a plain model, or None where open_clip has to build it."""
    vision, text = config["vision_cfg"], config["text_cfg"]
    if "multimodal_cfg" in config or not _is_plain_vision(vision) or not _is_plain_text(text):
        return None
    patch = vision.get("patch_size", 16)
    patch = patch[0] if isinstance(patch, list) else patch
    image = vision.get("image_size", 224)
    height, width = image if isinstance(image, list) else (image, image)
    grid = height // patch, width // patch
    if not grid[0] or not grid[1]:
        raise ModelError(f"{source}: vision_cfg.image_size {image} is smaller than a patch of {patch} pixels.")
    head = vision.get("head_width", 64)
    if head > vision.get("width", 768):
        raise ModelError(f"{source}: vision_cfg.head_width {head} is larger than vision_cfg.width.")
    projection = "none" if text.get("proj_type") == "none" else "layer" if text.get("proj_bias") else "matrix"
    words = TextShape(
        _transformer(text, text.get("heads", 8), 512, source, "text_cfg"),
        text.get("context_length", 77),
        text.get("vocab_size", TOKENS),
        text.get("eos_id", 2) if text.get("pool_type") == "eos" else None,
        projection,
    )
    if projection == "none" and words.transformer.width != config["embed_dim"]:
        raise ModelError(f"{source}: text_cfg.width and embed_dim have to be equal without a projection of the text.")
    if words.vocabulary < TOKENS:
        raise ModelError(f"{source}: text_cfg.vocab_size has to be at least {TOKENS}, the number of tokens.")
    heads = vision.get("width", 768) // head
    return ClipShape(
        config["embed_dim"],
        VisionShape(_transformer(vision, heads, 768, source, "vision_cfg"), patch, grid, not vision.get("no_ln_pre")),
        words,
        bool(config.get("quick_gelu", False)),
        (1,) if config.get("nonscalar_logit_scale") else (),
        config.get("init_logit_bias") is not None,
    )


def _transformer(side: Mapping[str, Any], heads: int, usual: int, source: str, field: str) -> TransformerShape:
    width = side.get("width", usual)
    if width % heads:
        raise ModelError(f"{source}: {field}.width {width} cannot be divided by its {heads} heads.")
    mlp_width = int(width * side.get("mlp_ratio", 4.0))
    if not mlp_width:
        raise ModelError(f"{source}: {field}.mlp_ratio leaves no width for the MLP.")
    return TransformerShape(width, side.get("layers", 12), heads, mlp_width, side.get("ls_init_value") is not None)


_ODD_BLOCKS: Final = (
    "act_kwargs",
    "norm_kwargs",
    "qk_norm",
    "scaled_cosine_attn",
    "scale_heads",
    "scale_attn_inner",
    "scale_attn",
    "scale_fc",
    "final_ln_after_pool",
)


def _is_plain_vision(vision: Mapping[str, Any]) -> bool:
    patch = vision.get("patch_size", 16)
    return not (
        vision.get("timm_model_name")
        or isinstance(vision.get("layers"), list)
        or vision.get("block_type") not in (None, "default")
        or vision.get("pool_type", "tok") != "tok"
        or vision.get("pos_embed_type", "learnable") != "learnable"
        or vision.get("attentional_pool")
        or patch is None
        or (isinstance(patch, list) and patch[0] != patch[1])
        or any(vision.get(name) for name in _ODD_BLOCKS)
    )


def _is_plain_text(text: Mapping[str, Any]) -> bool:
    return not (
        any(text.get(name) for name in ("hf_model_name", "hf_tokenizer_name", "tokenizer_kwargs", "tokenizer_mode"))
        or text.get("block_type") not in (None, "default")
        or text.get("pool_type", "argmax") not in ("argmax", "eos")
        or text.get("proj_type", "linear") not in ("linear", "none")
        or any(text.get(name) for name in ("embed_cls", "no_causal_mask", *_ODD_BLOCKS))
    )
