"""An open_clip model from its description and its weights: all of them, or an error."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import open_clip
import torch
from open_clip.convert import convert_state_dict
from open_clip.model import convert_to_custom_text_state_dict, convert_weights_to_lp
from torch import Tensor, nn

from napari_cliptrase.errors import ModelError


def skeleton(config: Mapping[str, Any], dtype: torch.dtype, title: str, device: str = "meta") -> nn.Module:
    """Return the model of a ``model_cfg``; on the meta device without memory for weights and within milliseconds.

    Layer norms compute in float32 whatever ``dtype`` is, as open_clip's own mixed precision has it.
    """
    settings = deepcopy(dict(config))
    custom_text = bool(settings.pop("custom_text", False))
    # the weights come from our file, never from a second place
    if "timm_model_name" in settings["vision_cfg"]:
        settings["vision_cfg"]["timm_model_pretrained"] = False
    if "hf_model_name" in settings["text_cfg"]:
        settings["text_cfg"]["hf_model_pretrained"] = False
        custom_text = True
    kind = open_clip.CoCa if "multimodal_cfg" in settings else open_clip.CLIP
    if custom_text and kind is open_clip.CLIP:
        kind = open_clip.CustomTextCLIP
    try:
        with torch.device(device):
            model: nn.Module = kind(**settings, cast_dtype=None if dtype == torch.float32 else dtype)
    except (TypeError, KeyError, ValueError, RuntimeError, AssertionError, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise ModelError(f"{title} cannot be built by open_clip {open_clip.__version__} ({reason}).") from error
    return model.eval().requires_grad_(False)


def build(config: Mapping[str, Any], weights: dict[str, Tensor], dtype: torch.dtype, title: str) -> nn.Module:
    """Return the model with ``weights`` in it, on the CPU; every weight of the model must be among them."""
    model = skeleton(config, dtype, title)
    fitting = _fit(model, weights, title)
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


def _lower_precision(model: nn.Module, dtype: torch.dtype) -> None:
    """Turn the weights to ``dtype``: those of open_clip's own towers but for layer norms, those of others all."""
    convert_weights_to_lp(model, dtype)
    for tower in model.children():
        if hasattr(tower, "trunk") or isinstance(tower, open_clip.hf_model.HFTextEncoder):
            tower.to(dtype)


def _causal_mask(length: int) -> Tensor:
    """(length, length) float32: 0 on and below the diagonal, minus infinity above."""
    return torch.full((length, length), float("-inf")).triu_(1)


def _fit(model: nn.Module, weights: dict[str, Tensor], title: str) -> dict[str, Tensor]:
    """Return the weights under the model's names and in its number type; raises unless they are the model's."""
    weights = convert_state_dict(model, weights)
    if "positional_embedding" in weights and not hasattr(model, "positional_embedding"):
        weights = convert_to_custom_text_state_dict(weights)
    expected = model.state_dict()
    # tables that older versions saved; the model computes them
    unknown = [name for name in weights if name not in expected and not name.endswith("position_ids")]
    missing = [name for name in expected if name not in weights]
    fitting, wrong = {}, []
    for name in expected.keys() & weights.keys():
        wanted, given = expected[name], weights[name]
        if given.numel() == 1 and wanted.numel() == 1:
            given = given.reshape(wanted.shape)  # some files keep the scale as a list of one
        if given.shape != wanted.shape:
            wrong.append(f"{name} is {_size(given)} instead of {_size(wanted)}")
        # a copy: the file may be replaced while the model is in use
        fitting[name] = given.to(wanted.dtype, copy=True)
    if missing or unknown or wrong:
        raise ModelError(f"The weights do not fit {title}: {'; '.join(_faults(missing, unknown, sorted(wrong)))}.")
    return fitting


def _faults(missing: list[str], unknown: list[str], wrong: list[str]) -> list[str]:
    faults = []
    for names, words in ((missing, "missing"), (unknown, "unknown")):
        if names:
            more = f" and {len(names) - 2} more" if len(names) > 2 else ""
            faults.append(f"{words}: {', '.join(names[:2])}{more}")
    if wrong:
        faults.append(wrong[0] + (f" and {len(wrong) - 1} more of other sizes" if len(wrong) > 1 else ""))
    return faults


def _size(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a single number"
