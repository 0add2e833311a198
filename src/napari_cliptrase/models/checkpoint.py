"""Weights from a file into memory and into a network, without ever running code from the file; imports torch late."""

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_cliptrase.errors import ModelError
from napari_cliptrase.free_memory import free_memory
from napari_cliptrase.models.open_clip_registry import openai_hashes

if TYPE_CHECKING:
    from torch import Tensor, nn

# OpenAI's archives carry these beside the weights
_NO_WEIGHTS: Final = ("input_resolution", "context_length", "vocab_size")

# where training programs put the weights inside their files: open_clip, micro-sam and torch_em, Lightning, others
_WRAPPERS: Final = ("model_state", "model_state_dict", "state_dict", "model")

# what training on several cards, Lightning and micro-sam leave before every name
_PREFIXES: Final = ("module.", "sam_model.", "sam.", "model.")


def read_tensors(path: Path, sha256: str, again: str) -> "dict[str, Tensor]":
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
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


def _read_archive(path: Path, sha256: str) -> "dict[str, Tensor]":
    if sha256 not in openai_hashes():
        raise ModelError(
            f"{path} is a TorchScript archive, which can run code, and its SHA-256 {sha256} is not one of "
            "OpenAI's, so it "
            "is not opened; use safetensors."
        )
    import torch

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


def _named(loaded: Any, path: Path) -> "dict[str, Tensor]":
    """Return the tensors in a table by name, without the prefixes that all names share."""
    from torch import Tensor

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


def _check_tensors(tensors: "Mapping[str, Tensor]", path: Path) -> None:
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


def _is_finite(tensor: "Tensor") -> bool:
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


def fit(
    network: "nn.Module", weights: "Mapping[str, Tensor]", title: str, hidden_prefix: str = ""
) -> "dict[str, Tensor]":
    """Return the weights in the network's number type; raises unless they are the network's.

    ``hidden_prefix`` is left out of names in the error, where the file has names without it.
    """
    expected = network.state_dict()
    # tables that older versions saved; the model computes them
    unknown = [name for name in weights if name not in expected and not name.endswith("position_ids")]
    missing = [name for name in expected if name not in weights]
    fitting, wrong = {}, []
    for name in expected.keys() & weights.keys():
        own, given = expected[name], weights[name]
        if given.numel() == 1 and own.numel() == 1:
            given = given.reshape(own.shape)  # some files keep the scale as a list of one
        if given.shape != own.shape:
            wrong.append(f"{name.removeprefix(hidden_prefix)} is {_size(given)} instead of {_size(own)}")
        # a copy: the file may be replaced while the model is in use
        fitting[name] = given.to(own.dtype, copy=True)
    if missing or unknown or wrong:
        missing, unknown = ([name.removeprefix(hidden_prefix) for name in group] for group in (missing, unknown))
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


def _size(tensor: "Tensor") -> str:
    return "×".join(map(str, tensor.shape)) or "a single number"


def is_torchscript(path: Path) -> bool:
    """Return whether a file is a TorchScript archive, as OpenAI's are: a zip with code in it."""
    if path.suffix == ".safetensors":
        return False
    names = [entry.filename for entry in archive_entries(path)]
    return any("/code/" in name or name.endswith("/constants.pkl") for name in names)


def archive_entries(path: Path) -> list[zipfile.ZipInfo]:
    """Return what a zip file says that it holds; nothing for another file, or one whose list is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except OSError:
        raise
    except Exception:  # zipfile stumbles over damage in many ways
        return []
