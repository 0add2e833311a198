"""From a name to a CLIP or SAM model that is ready to work: found, fetched, checked, read, built and placed."""

import hashlib
import json
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from napari_cliptrase.cliptrase.bpe import BpeTokenizer
from napari_cliptrase.cliptrase.clip_network import ClipNetwork
from napari_cliptrase.cliptrase.clip_shape import ClipShape
from napari_cliptrase.cliptrase.text_towers import Tokenizer
from napari_cliptrase.cliptrase.towers import in_int8, text_tower, vision_tower
from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.catalog import DEFAULT_CLIP, DEFAULT_SAM
from napari_cliptrase.models.checkpoint import fit, read_tensors
from napari_cliptrase.models.clip_config import Recipe
from napari_cliptrase.models.device import Placement, fall_back, place
from napari_cliptrase.models.loaded_models import ClipModel, SamModel
from napari_cliptrase.models.open_clip_registry import merges
from napari_cliptrase.models.sam_network import make_sam
from napari_cliptrase.models.sources import (
    ClipSource,
    WeightsSource,
    bring_steps,
    check_steps,
    find_clip_steps,
    find_sam,
    refuse_unsupported,
)
from napari_cliptrase.progress import Progress, map_progress, run_to_end

_NOT_TEXT = ("visual.", "text.", "logit_")


def load_model(
    name: str | os.PathLike[str] = DEFAULT_CLIP,
    device: str = "auto",
    precision: str = "auto",
    architecture: str | None = None,
) -> ClipModel:
    """Load a CLIP model; download it first if necessary.

    Parameters
    ----------
    name
        ``demo``, ``ARCHITECTURE/TAG`` as in ``ViT-B-16/openai``, ``hf-hub:ORGANISATION/NAME``, ``local-dir:FOLDER``
        (with open_clip_config.json and weights), or ``ARCHITECTURE=FILE``.
    device
        ``auto`` (cuda, mps, cpu), or one of them.
    precision
        ``auto``, ``fp32``, ``fp16``, ``bf16`` or ``int8``; ``auto`` is fp16 on CUDA, bf16 on processors that are
        clearly faster with it, else fp32.
    architecture
        Of a ``name`` that is nothing but a checkpoint file.

    Raises
    ------
    ModelError
        With one sentence, when the model is unknown or damaged, does not suit CLIPtrase, or cannot be downloaded.
    """
    return run_to_end(load_model_steps(name, device, precision, architecture))


def load_model_steps(
    name: str | os.PathLike[str] = DEFAULT_CLIP,
    device: str = "auto",
    precision: str = "auto",
    architecture: str | None = None,
) -> Generator[Progress, None, ClipModel]:
    """As `load_model`, yielding what is being done; a stopped download continues the next time."""
    text = _checked_arguments("load_model", name, device, precision, architecture)
    return (yield from map_progress(_load_clip_steps(text, device, precision, architecture), _with_name(text)))


def load_sam(name: str | os.PathLike[str] = DEFAULT_SAM, device: str = "auto", precision: str = "auto") -> SamModel:
    """Load a SAM; download it first if necessary.

    Parameters
    ----------
    name
        ``demo``, ``vit_b``, ``vit_l``, ``vit_h``, ``vit_t`` (MobileSAM, with its package), or the path of a checkpoint
        of the same networks, such as those of micro-sam and MedSAM: its variant is read from the tensors.
    device
        ``auto`` (cuda, mps, cpu), or one of them.
    precision
        Of the image encoder, as `load_model` has it; ``int8`` stands for fp32 here.

    Raises
    ------
    ModelError
        With one sentence, when the model is unknown, is not a SAM, is damaged, or cannot be downloaded.
    """
    return run_to_end(load_sam_steps(name, device, precision))


def load_sam_steps(
    name: str | os.PathLike[str] = DEFAULT_SAM, device: str = "auto", precision: str = "auto"
) -> Generator[Progress, None, SamModel]:
    """As `load_sam`, yielding what is being done; a stopped download continues the next time."""
    text = _checked_arguments("load_sam", name, device, precision, None)
    return (yield from map_progress(_load_sam_steps(text, device, precision), _with_name(text)))


def _load_clip_steps(
    name: str, device: str, precision: str, architecture: str | None
) -> Generator[Progress, None, ClipModel]:
    placement = place(device, precision)
    source = yield from find_clip_steps(name, architecture)
    refuse_unsupported(source)
    recipe = source.recipe
    tokenizer = _tokenizer(source)
    tensors, sha256 = yield from _read_steps(source.weights)
    yield Progress(0, 0, "building the model")
    network, placement = _placed(
        lambda dtype: _build_clip(recipe, tensors, dtype, source.name), placement, device, precision
    )
    vision = vision_tower(network)
    return ClipModel(
        source.name,
        in_int8(vision) if placement.dtype == torch.int8 else vision,
        text_tower(network, tokenizer),
        tokenizer,
        recipe.mean,
        recipe.std,
        float(network.get_parameter("logit_scale").detach().exp().squeeze()),
        placement.device,
        placement.dtype,
        sha256,
        _fingerprint(sha256, recipe, placement),
        source.vocabulary,
        (placement.note, *source.notes),
        network,
    )


def _load_sam_steps(name: str, device: str, precision: str) -> Generator[Progress, None, SamModel]:
    yield Progress(0, 0, "looking for the model")
    precision = "fp32" if precision == "int8" else precision
    placement = place(device, precision)
    source = find_sam(name)
    tensors, sha256 = yield from _read_steps(source)
    yield Progress(0, 0, "building the model")

    titles = []

    def build(dtype: torch.dtype) -> nn.Module:
        network: nn.Module
        network, title = make_sam(tensors, dtype, source.path.name if source.path else name)
        titles.append(title)
        return network

    sam: Any
    sam, placement = _placed(build, placement, device, precision)
    return SamModel(
        name,
        sam,
        placement.device,
        placement.dtype,
        sha256,
        int(sam.image_encoder.img_size),
        int(sam.prompt_encoder.mask_input_size[0]),
        (f"{titles[-1]}.", placement.note),
    )


# ---- steps that both kinds share


def _read_steps(source: WeightsSource) -> Generator[Progress, None, tuple[dict[str, Tensor], str]]:
    """Bring, check and read the weights; return the tensors and the SHA-256 of their file."""
    path = yield from bring_steps(source)
    sha256 = yield from check_steps(source, path)
    yield Progress(0, 0, "reading the weights")
    return read_tensors(path, sha256, source.again), sha256


def _placed(
    build: Callable[[torch.dtype], nn.Module], placement: Placement, device: str, precision: str
) -> tuple[nn.Module, Placement]:
    """Build a network and move it to its device; with ``auto`` to the CPU when the device does not take it."""
    network = build(placement.built_in)
    try:
        return network.to(placement.device), placement
    except (RuntimeError, AssertionError) as error:
        # most often its memory is full; cut to one line, since torch adds advice for programmers
        reason = f"does not take the model ({str(error).splitlines()[0].rstrip('.')})"
        if device != "auto":
            raise ModelError(f"{placement.device} {reason}; choose another device or a smaller model.") from error
    placement = fall_back(placement, precision, reason)
    return build(placement.built_in), placement


def _with_name(name: str) -> Callable[[Progress], Progress]:
    return lambda step: replace(step, text=f"{name}: {step.text}")


def _checked_arguments(function: str, name: object, device: object, precision: object, architecture: object) -> str:
    """Return the name as text; raise a sentence for an argument of the wrong type."""
    if not isinstance(name, str | os.PathLike):
        raise ModelError(f"{function} needs the name of a model as text, such as 'demo', not {_kind_of(name)}.")
    for word, value in (("device", device), ("precision", precision)):
        if not isinstance(value, str):
            raise ModelError(f"{function} needs {word} as text, such as 'auto', not {_kind_of(value)}.")
    if not isinstance(architecture, str | None):
        raise ModelError(f"{function} needs architecture as text or None, not {_kind_of(architecture)}.")
    return os.fspath(name)


def _kind_of(value: object) -> str:
    return f"{'an' if type(value).__name__[0] in 'aeiou' else 'a'} {type(value).__name__}"


# ---- CLIP


def build_plain(shape: ClipShape, weights: Mapping[str, Tensor], dtype: torch.dtype, title: str) -> ClipNetwork:
    """Return a plain CLIP with ``weights`` in it, on the CPU; every weight of the model must be among them.

    Files name the weights of the text side with ``text.`` in front, or without.
    """
    with torch.device("meta"):
        network = ClipNetwork(shape)
    short = "positional_embedding" in weights
    named = {name if name.startswith(_NOT_TEXT) or not short else f"text.{name}": weights[name] for name in weights}
    network.load_state_dict(fit(network, named, title, hidden_prefix="text." if short else ""), assign=True)
    if dtype != torch.float32:
        network.lower_precision(dtype)
    network.eval().requires_grad_(False)
    return network


def _build_clip(recipe: Recipe, tensors: dict[str, Tensor], dtype: torch.dtype, name: str) -> nn.Module:
    if recipe.shape is not None:
        return build_plain(recipe.shape, tensors, dtype, name)
    from napari_cliptrase.models.open_clip_networks import build  # open_clip takes seconds to import

    return build(recipe.config, tensors, dtype, name)


def _tokenizer(source: ClipSource) -> Tokenizer:
    text = source.recipe.config["text_cfg"]
    if source.recipe.shape is not None:
        return BpeTokenizer(merges, source.recipe.shape.text.context)
    from napari_cliptrase.models.open_clip_networks import tokenizer_of

    return tokenizer_of(text, source.weights.path.parent if source.weights.path else None, source.name)


def _fingerprint(sha256: str, recipe: Recipe, placement: Placement) -> str:
    facts = [sha256, recipe.config, recipe.mean, recipe.std, str(placement.dtype)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
