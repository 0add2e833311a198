"""Tensors of a SAM checkpoint, whoever saved it: wrappers and prefixes taken off, relatives that are no SAM refused."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from napari_cliptrase.errors import ModelError

MOBILE_MARK: Final = "image_encoder.patch_embed.seq.0.c.weight"

# where training programs put the weights inside their files: micro-sam and torch_em, Lightning, others
_WRAPPERS: Final = ("model_state", "model_state_dict", "state_dict", "model")
_PREFIXES: Final = ("module.", "sam_model.", "sam.", "model.")

# name parts that only relatives of SAM have, and why these cannot be used
_RELATIVES: Final[Mapping[str, str]] = {
    "mask_decoder.hf_token": (
        "is an HQ-SAM checkpoint, whose extra mask token segment-anything would silently ignore; use the plain SAM "
        "checkpoint of the same size"
    ),
    "image_encoder.trunk.": "is a SAM 2 checkpoint, which has another encoder and decoder; use a SAM 1 checkpoint",
    "sam_mask_decoder.": "is a SAM 2 checkpoint, which has another encoder and decoder; use a SAM 1 checkpoint",
    "detector.backbone.": "is a SAM 3 checkpoint, which has another encoder and decoder; use a SAM 1 checkpoint",
}


def read_sam_tensors(path: Path, again: str = "choose another file or save it anew") -> dict[str, Tensor]:
    """Return the tensors of a SAM checkpoint by segment-anything's names, on the CPU.

    safetensors, or a pickle of plain data; nothing in the file is ever run. ``again`` says how to get a damaged file
    anew. Raises `ModelError` with one sentence.
    """
    if not path.is_file():
        raise ModelError(f"There is no SAM checkpoint {path}; check the name and the folder.")
    tensors = _without_prefix(_unwrap(_load(path, again), path))
    for mark, reason in _RELATIVES.items():
        if any(mark in name for name in tensors):
            raise ModelError(f"{path.name} {reason}.")
    if not any(name.startswith("mask_decoder.") for name in tensors):
        raise ModelError(
            f"{path.name} is no segment-anything checkpoint (it has no mask decoder); choose a file such as "
            "sam_vit_b_01ec64.pth, or a model made from one."
        )
    return tensors


def is_mobile(tensors: Mapping[str, Tensor]) -> bool:
    """Tell whether the image encoder is MobileSAM's TinyViT."""
    return MOBILE_MARK in tensors


def _load(path: Path, again: str) -> Any:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path, device="cpu")
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if path.read_bytes()[:2] == b"PK":
            raise ModelError(
                f"{path.name} holds more than plain weights and could run code, so it is not opened; save its "
                "state_dict alone."
            ) from error
        raise _damaged(path, "it is no PyTorch file", again) from error
    except Exception as error:
        if path.suffix != ".safetensors" and not _may_be_torch(path):
            raise _damaged(path, "it is no PyTorch file", again) from error
        raise _damaged(path, (str(error).strip() or type(error).__name__).splitlines()[0], again) from error


def _may_be_torch(path: Path) -> bool:
    """Tell whether a file begins as an archive or a pickle does."""
    with path.open("rb") as stream:
        return stream.read(2).startswith((b"PK", b"\x80"))


def _damaged(path: Path, what: str, again: str) -> ModelError:
    return ModelError(f"{path} cannot be read as a SAM checkpoint ({what.rstrip('.')}); {again}.")


def _unwrap(loaded: Any, path: Path) -> dict[str, Tensor]:
    """Return the name -> tensor table inside whatever a training program put around it."""
    for wrapper in _WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            return _unwrap(loaded[wrapper], path)
    if isinstance(loaded, Mapping):
        tensors = {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}
        if tensors:
            return tensors
    raise ModelError(f"{path.name} holds no weights by name; expected the state_dict of a SAM model.")


def _without_prefix(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Take off the prefixes that wrappers of the network leave before every name."""
    for prefix in (*_PREFIXES, *_PREFIXES):
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors
