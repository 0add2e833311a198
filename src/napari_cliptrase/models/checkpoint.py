"""Weights from a file into memory, without ever running code that the file brings."""

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from napari_cliptrase.errors import ModelError

# OpenAI's archives carry these beside the weights
_NO_WEIGHTS = ("input_resolution", "context_length", "vocab_size")


def read_weights(path: Path, sha256: str, trusted_archives: Mapping[str, str], again: str) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by name, on the CPU.

    safetensors, or a pickle of nothing but tensors. A TorchScript archive can run code: it is opened only when its
    ``sha256`` is among ``trusted_archives`` (hash -> architecture). ``again`` says how to get the file anew.
    """
    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        if is_torchscript(path):
            return _read_archive(path, sha256, trusted_archives)
        return _tensors(torch.load(path, map_location="cpu", weights_only=True), path)
    except ModelError:
        raise
    except pickle.UnpicklingError as error:
        # torch's own words run over ten lines and advise to switch the protection off
        if path.read_bytes()[:1] in (b"P", b"\x80"):
            raise ModelError(
                f"{path} holds more than plain weights and could run code, so it is not opened; save its state_dict as "
                "safetensors."
            ) from error
        raise _damaged(path, sha256, "it is no PyTorch file", again) from error
    except Exception as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        # a broken pickle ends in whatever it stumbled over, a number perhaps
        raise _damaged(path, sha256, said if " " in said else "it is no PyTorch file", again) from error


def is_torchscript(path: Path) -> bool:
    """Return whether a file is a TorchScript archive: a zip with code in it."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name or name.endswith("/constants.pkl") for name in archive.namelist())


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    weights: dict[str, Tensor] = load_file(path, device="cpu")
    return weights


def _read_archive(path: Path, sha256: str, trusted: Mapping[str, str]) -> dict[str, Tensor]:
    if sha256 not in trusted:
        raise ModelError(
            f"{path} is a TorchScript archive, which can run code, and its SHA-256 {sha256} is none of OpenAI's, so it "
            "is not opened; use safetensors."
        )
    with warnings.catch_warnings():
        # torch wants archives exported anew, which nobody can do for files published in 2021
        warnings.simplefilter("ignore")
        weights = torch.jit.load(path, map_location="cpu").state_dict()  # type: ignore[no-untyped-call]
    return {name: tensor for name, tensor in weights.items() if name not in _NO_WEIGHTS}


def _tensors(loaded: Any, path: Path) -> dict[str, Tensor]:
    if isinstance(loaded, dict) and isinstance(loaded.get("state_dict"), dict):
        loaded = loaded["state_dict"]  # a training checkpoint
    if not isinstance(loaded, dict) or not loaded or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise ModelError(f"{path} holds no weights by name; expected the state_dict of a CLIP model.")
    # training on several cards puts a prefix before each name
    return {str(name).removeprefix("module."): tensor for name, tensor in loaded.items()}


def _damaged(path: Path, sha256: str, what: str, again: str) -> ModelError:
    return ModelError(f"{path} is damaged ({what.rstrip('.')}; its SHA-256 is {sha256}); {again}.")
