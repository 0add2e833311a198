"""The device of a model: which one, with which number type, how much memory is free on it, and giving memory back."""

import contextlib
import gc
import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import nn

from napari_cliptrase.atomic import write_text
from napari_cliptrase.errors import ModelError
from napari_cliptrase.free_memory import free_memory
from napari_cliptrase.json_file import json_in
from napari_cliptrase.models.folders import cache_folder
from napari_cliptrase.timing import interleaved

PRECISION_VARIABLE: Final = "NAPARI_CLIPTRASE_PRECISION"
"""``fp32`` or ``bf16``: what ``auto`` stands for, whatever the processor can do."""
WORTH: Final = 0.7
"""bfloat16 must take at most this share of float32's time: it is less exact, and not all of the work becomes faster."""
_TOKENS, _WIDTH, _HIDDEN = 442, 768, 3072
_ROUNDS = 4
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


def cpu_dtype() -> torch.dtype:
    """Choose float32 or bfloat16 for the processor.

    The processor is tried once, for a fraction of a second, and the result is stored in the cache folder: the same
    computer must always choose the same, since the labels of both differ in a few pixels.
    """
    asked = os.environ.get(PRECISION_VARIABLE)
    if asked in ("fp32", "bf16"):
        return torch.bfloat16 if asked == "bf16" else torch.float32
    if asked:
        raise ModelError(f"{PRECISION_VARIABLE} is {asked!r}; set it to fp32 or bf16, or leave it unset.")
    return torch.bfloat16 if has_bfloat16() and remembered_share() <= WORTH else torch.float32


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware, as far as torch can tell."""
    return any(
        getattr(torch.cpu, name, lambda: False)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )


def share_of_time() -> float:
    """Time of a product of the encoder's size in bfloat16, as a share of its time in float32, measured in turn."""
    exact = torch.randn(_TOKENS, _WIDTH), torch.randn(_HIDDEN, _WIDTH)
    short = exact[0].bfloat16(), exact[1].bfloat16()
    product = torch.nn.functional.linear
    with torch.inference_mode():
        seconds = interleaved({"fp32": lambda: product(*exact), "bf16": lambda: product(*short)}, _ROUNDS)
    return seconds["bf16"] / seconds["fp32"]


def remembered_share() -> float:
    """Return `share_of_time` as this computer measured it the first time; the cache folder holds it."""
    memory = cache_folder() / "processor.json"
    key = f"{platform.machine()} {processor_name()}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    known = _read(memory)
    if key not in known:
        known[key] = round(share_of_time(), 2)
        with contextlib.suppress(OSError):  # it is tried again next time
            memory.parent.mkdir(parents=True, exist_ok=True)
            write_text(memory, json.dumps(known, indent=1) + "\n")
    return known[key]


def _read(memory: Path) -> dict[str, float]:
    found = None
    with contextlib.suppress(OSError):
        found = json_in(memory)
    numbers = found.items() if isinstance(found, dict) else ()
    return {str(key): float(value) for key, value in numbers if isinstance(value, int | float)}


def processor_name() -> str:
    """The processor as the system names it."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


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
