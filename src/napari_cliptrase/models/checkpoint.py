"""Weights from a file into memory, without ever running code from the file."""

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from napari_cliptrase.errors import ModelError
from napari_cliptrase.free_memory import free_memory
from napari_cliptrase.models.open_clip_registry import openai_hashes
from napari_cliptrase.models.torchscript import archive_entries, is_torchscript

# OpenAI's archives carry these beside the weights
_NO_WEIGHTS: Final = ("input_resolution", "context_length", "vocab_size")

# where training programs put the weights inside their files: open_clip, micro-sam and torch_em, Lightning, others
_WRAPPERS: Final = ("model_state", "model_state_dict", "state_dict", "model")

# what training on several cards, Lightning and micro-sam leave before every name
_PREFIXES: Final = ("module.", "sam_model.", "sam.", "model.")


def read_tensors(path: Path, sha256: str, again: str) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by name, on the CPU; every number in them is finite.

    safetensors, or a pickle of nothing but tensors. A TorchScript archive can run code: it is opened only when its
    ``sha256`` is one of OpenAI's. ``again`` says how to get the file again.
    """
    if not path.is_file():
        raise ModelError(f"{path} is not a file; check the name and the folder.")
    _check_size(path, sha256, again)
    try:
        tensors = _named(_without_wrappers(_load(path, sha256)), path)
        _check_tensors(tensors, path)
    except ModelError:
        raise
    except pickle.UnpicklingError as error:
        # torch's own message has ten lines and advises to switch the protection off
        if _begins_as_torch(path):
            raise ModelError(
                f"{path} holds more than plain weights and could run code, so it is not opened; save its state_dict as "
                "safetensors."
            ) from error
        raise _damaged(path, sha256, "it is not a PyTorch file", again) from error
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        # a broken pickle can raise any error, sometimes with only a number as its text
        raise _damaged(path, sha256, reason if " " in reason else "it is not a PyTorch file", again) from error
    return tensors


def _load(path: Path, sha256: str) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path, device="cpu")
    if is_torchscript(path):
        return _read_archive(path, sha256)
    return torch.load(path, map_location="cpu", weights_only=True)


def _read_archive(path: Path, sha256: str) -> dict[str, Tensor]:
    if sha256 not in openai_hashes():
        raise ModelError(
            f"{path} is a TorchScript archive, which can run code, and its SHA-256 {sha256} is not one of "
            "OpenAI's, so it "
            "is not opened; use safetensors."
        )
    with warnings.catch_warnings():
        # torch asks to export archives again, which is not possible for files published in 2021
        warnings.simplefilter("ignore")
        weights = torch.jit.load(path, map_location="cpu").state_dict()  # type: ignore[no-untyped-call]
    return {name: tensor for name, tensor in weights.items() if name not in _NO_WEIGHTS}


def _without_wrappers(loaded: Any) -> Any:
    for wrapper in _WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            return _without_wrappers(loaded[wrapper])
    return loaded


def _named(loaded: Any, path: Path) -> dict[str, Tensor]:
    """Return the tensors in a table by name, without the prefixes that all names share."""
    tensors: dict[str, Tensor] = {}
    if isinstance(loaded, Mapping):
        tensors = {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}
    if not tensors:
        raise ModelError(f"{path} holds no weights by name; expected the state_dict of a model.")
    for prefix in (*_PREFIXES, *_PREFIXES):
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors


def _check_size(path: Path, sha256: str, again: str) -> None:
    """Raise when a file would take more memory than is free, or unpacks to far more than its size."""
    size, free = path.stat().st_size, free_memory()
    if free is not None and size > free:
        raise ModelError(
            f"Reading {path} takes {size / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; close other programs, or "
            "choose a smaller model."
        )
    if path.suffix != ".safetensors":
        unpacked = sum(entry.file_size for entry in archive_entries(path))
        if unpacked > 2 * size:
            raise _damaged(path, sha256, f"it says that it unpacks to {unpacked / 1e9:.1f} GB", again)


def _check_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Raise when a tensor claims to be larger than the file, or holds values that are not numbers."""
    size = path.stat().st_size
    for name, tensor in tensors.items():
        if tensor.numel() * tensor.element_size() > 2 * size:
            raise ModelError(f"{path} claims that {name} is larger than the file; choose another file.")
        if not _is_finite(tensor):
            raise ModelError(
                f"{path} holds values that are not numbers (in {name}), as after a training that failed; choose an "
                "earlier checkpoint."
            )


def _is_finite(tensor: Tensor) -> bool:
    if not tensor.is_floating_point():
        return True
    # a sum shows every NaN and infinity in a fraction of the time; where it overflows by itself each number counts
    return bool(tensor.sum().isfinite()) or bool(tensor.isfinite().all())


def _begins_as_torch(path: Path) -> bool:
    """Return whether a file begins as an archive or a pickle does."""
    with path.open("rb") as stream:
        return stream.read(2).startswith((b"PK", b"\x80"))


def _damaged(path: Path, sha256: str, what: str, again: str) -> ModelError:
    return ModelError(f"{path} is damaged ({what.rstrip('.')}; its SHA-256 is {sha256}); {again}.")
