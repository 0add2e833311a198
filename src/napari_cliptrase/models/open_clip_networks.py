"""Models that open_clip has to build: image towers of timm, text towers and tokenizers of transformers."""

from collections.abc import Mapping
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.convert import convert_state_dict
from open_clip.model import convert_to_custom_text_state_dict, convert_weights_to_lp
from torch import Tensor, nn

from napari_cliptrase.cliptrase.text_towers import Tokenizer
from napari_cliptrase.cliptrase.towers import vision_tower
from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.checkpoint import fit

# either makes a folder one that transformers can read a tokenizer from
_TOKENIZER_FILES = ("tokenizer.json", "vocab.txt")


def refuse(config: Mapping[str, Any], title: str) -> None:
    """Raise `ModelError` when the method cannot work with the image tower of a ``model_cfg``."""
    # the text side does not matter here, and may need packages that are not installed
    vision_tower(skeleton({**config, "text_cfg": {}}, torch.float32, title))


def skeleton(config: Mapping[str, Any], dtype: torch.dtype, title: str, device: str = "meta") -> nn.Module:
    """Return the model of a ``model_cfg``; on the meta device without memory for weights and within milliseconds.

    Layer norms compute in float32 whatever ``dtype`` is, as open_clip's own mixed precision has it.
    """
    settings = deepcopy(dict(config))
    custom_text = bool(settings.pop("custom_text", False))
    # the weights come from our file, never from a second place
    timm_name = settings["vision_cfg"].get("timm_model_name")
    if timm_name:
        settings["vision_cfg"]["timm_model_pretrained"] = False
        _check_timm_name(timm_name, title)
    if "hf_model_name" in settings["text_cfg"]:
        settings["text_cfg"]["hf_model_pretrained"] = False
        custom_text = True
    kind = open_clip.CoCa if "multimodal_cfg" in settings else open_clip.CLIP
    if custom_text and kind is open_clip.CLIP:
        kind = open_clip.CustomTextCLIP
    try:
        with torch.device(device):
            model: nn.Module = kind(**settings, cast_dtype=None if dtype == torch.float32 else dtype)
    except Exception as error:  # whatever timm, transformers and open_clip stumble over in a strange description
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise ModelError(f"{title} cannot be built by open_clip {open_clip.__version__} ({reason}).") from error
    return model.eval().requires_grad_(False)


def build(config: Mapping[str, Any], weights: Mapping[str, Tensor], dtype: torch.dtype, title: str) -> nn.Module:
    """Return the model with ``weights`` in it, on the CPU; every weight of the model must be among them."""
    model = skeleton(config, dtype, title)
    named = convert_state_dict(model, dict(weights))
    if "positional_embedding" in named and not hasattr(model, "positional_embedding"):
        named = convert_to_custom_text_state_dict(named)
    fitting = fit(model, named, title)
    model.load_state_dict(fitting, assign=True)
    if isinstance(model, open_clip.CLIP):
        model.attn_mask = _causal_mask(model.context_length)
    if any(tensor.is_meta for tensor in (*model.parameters(), *model.buffers())):
        # a tower from timm or transformers computes tables of its own when it is built
        model = skeleton(config, dtype, title, device="cpu")
        model.load_state_dict(fitting)
    if dtype != torch.float32:
        _lower_precision(model, dtype)
    return model.eval().requires_grad_(False)


def tokenizer_of(text: Mapping[str, Any], folder: Path | None, title: str) -> Tokenizer:
    """Return the tokenizer of a ``text_cfg``; its files may lie in the ``folder`` of the weights."""
    length = text.get("context_length", open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH)
    options = text.get("tokenizer_kwargs") or {}
    name = text.get("hf_tokenizer_name")
    try:
        if not name:
            tokenizer: Tokenizer = open_clip.SimpleTokenizer(context_length=length, **options)
            return tokenizer
        if folder is not None and any((folder / file).is_file() for file in _TOKENIZER_FILES):
            name = str(folder)
        if find_spec("transformers") is None:
            raise ModelError(f"The text side of {title} needs the package transformers: pip install transformers")
        tokenizer = open_clip.tokenizer.HFTokenizer(
            name, context_length=length, tokenizer_mode=text.get("tokenizer_mode"), **options
        )
    except ModelError:
        raise
    except OSError as error:
        raise ModelError(
            f"The tokenizer {name} of {title} cannot be loaded ({str(error).splitlines()[0].rstrip('.')}); it is "
            "downloaded once, so try again when there is a network."
        ) from error
    except Exception as error:  # strange options
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise ModelError(f"The tokenizer of {title} cannot be made ({reason}).") from error
    return tokenizer


def _check_timm_name(name: str, title: str) -> None:
    """Raise unless timm knows a model of this name, instead of looking for it on the network."""
    import timm

    if not timm.is_model(name):
        raise ModelError(f"{title} asks for an image tower {name!r} that timm {timm.__version__} does not know.")


def _lower_precision(model: nn.Module, dtype: torch.dtype) -> None:
    """Turn the weights to ``dtype``: in open_clip's own towers except layer norms, in others all."""
    convert_weights_to_lp(model, dtype)
    for tower in model.children():
        if hasattr(tower, "trunk") or isinstance(tower, open_clip.hf_model.HFTextEncoder):
            tower.to(dtype)


def _causal_mask(length: int) -> Tensor:
    """(length, length) float32: 0 on and below the diagonal, minus infinity above."""
    return torch.full((length, length), float("-inf")).triu_(1)
