"""The device of a model: which one, with which number type, how much memory is free on it, and giving memory back."""

import gc
from dataclasses import dataclass

import torch
from torch import nn

from napari_cliptrase.errors import ModelError
from napari_cliptrase.free_memory import free_memory
from napari_cliptrase.models.cpu_precision import cpu_dtype

_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16, "int8": torch.int8}


@dataclass(frozen=True)
class Placement:
    """The device and the number type of the weights; ``note`` describes both for the user."""

    device: torch.device
    dtype: torch.dtype
    note: str

    @property
    def built_in(self) -> torch.dtype:
        """The number type that the network is built in: weights of eight bits are rounded from float32."""
        return torch.float32 if self.dtype == torch.int8 else self.dtype


def place(device: str = "auto", precision: str = "auto") -> Placement:
    """Choose the device (auto: cuda, mps, cpu) and number type (auto: fp16 on CUDA, on a CPU see `cpu_dtype`).

    A device that is asked for by name and does not work is an error; with ``auto`` the next one is taken and
    ``note`` says why.
    """
    chosen, note = _choose_device(device)
    dtype = _choose_dtype(precision, chosen)
    return Placement(chosen, dtype, f"Runs on {_title(chosen)} with {_word(dtype)}{note}.")


def fall_back(placement: Placement, precision: str, reason: str) -> Placement:
    """Return the placement on the CPU, after the chosen device failed for ``reason``."""
    cpu = torch.device("cpu")
    # fp16 was fit for the device that failed, and is not for the processor
    dtype = _choose_dtype("auto" if precision == "fp16" else precision, cpu)
    return Placement(cpu, dtype, f"Runs on {_title(cpu)} with {_word(dtype)}, because {placement.device} {reason}.")


def _choose_device(requested: str) -> tuple[torch.device, str]:
    if requested == "auto":
        reasons = []
        for name in ("cuda", "mps"):
            reason = _unusable(torch.device(name))
            if reason is None:
                return torch.device(name), ""
            if reason != _ABSENT:
                reasons.append(f"{name} {reason}")
        return torch.device("cpu"), f", because {' and '.join(reasons)}" if reasons else ""
    try:
        device = torch.device(requested)
    except RuntimeError:
        raise ModelError(f"{requested!r} is not a device; choose auto, cpu, cuda, cuda:1, … or mps.") from None
    reason = _unusable(device)
    if reason is not None:
        raise ModelError(f"Device {requested} {reason}; choose auto or cpu.")
    return device, ""


_ABSENT = "is not available"


def _unusable(device: torch.device) -> str | None:
    """Return why a device cannot be used, or None when a small sum on it comes out right."""
    if device.type == "cpu":
        return None
    if device.type == "cuda" and not torch.cuda.is_available():
        return _ABSENT
    if device.type == "mps" and not torch.backends.mps.is_available():
        return _ABSENT
    try:
        if float(torch.ones(2, device=device).sum()) == 2.0:
            return None
        return "computes wrong sums"
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        # a driver that is too old, a card that is full, an index that does not exist
        return f"does not work ({str(error).strip().splitlines()[0].rstrip('.')})"


def _choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    if precision == "auto":
        if device.type == "cpu":
            return cpu_dtype()
        return torch.float16 if device.type == "cuda" else torch.float32
    if precision not in _DTYPES:
        raise ModelError(f"{precision!r} is not a precision; choose auto, {', '.join(_DTYPES)}.")
    if precision == "fp16" and device.type == "cpu":
        raise ModelError("Precision fp16 is for graphics cards; on the CPU choose fp32, bf16 or int8.")
    if precision == "int8" and device.type != "cpu":
        raise ModelError(f"Precision int8 is for the CPU; on {device} choose fp16, bf16 or fp32.")
    return _DTYPES[precision]


def _title(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} ({device})"
    if device.type == "mps":
        return "the Apple GPU (mps)"
    return f"the CPU ({torch.get_num_threads()} thread{'s' if torch.get_num_threads() > 1 else ''})"


def _word(dtype: torch.dtype) -> str:
    return next(word for word, known in _DTYPES.items() if known == dtype)


def free_on(device: torch.device) -> int | None:
    """Return about how many bytes can be had on a device, or None where the system does not say."""
    if device.type == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + held
    return free_memory()


def release(network: nn.Module, device: torch.device) -> None:
    """Free the memory of a network's weights at once, even while others hold it; it cannot be used again."""
    for tensor in (*network.parameters(), *network.buffers()):
        tensor.data = tensor.data.new_empty(0)
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
