"""What ``auto`` stands for on a processor: bfloat16 where the processor has it in hardware and is faster with it."""

import contextlib
import json
import os
import platform
from pathlib import Path
from typing import Final

import torch

from napari_cliptrase.atomic import write_text
from napari_cliptrase.errors import ModelError
from napari_cliptrase.json_file import json_in
from napari_cliptrase.models.folders import cache_folder
from napari_cliptrase.timing import interleaved

PRECISION_VARIABLE: Final = "NAPARI_CLIPTRASE_PRECISION"
"""``fp32`` or ``bf16``: what ``auto`` stands for, whatever the processor can do."""
WORTH: Final = 0.7
"""bfloat16 must take at most this share of float32's time: it is less exact, and not all of the work becomes faster."""
_TOKENS, _WIDTH, _HIDDEN = 442, 768, 3072
_ROUNDS = 4


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
    return torch.bfloat16 if has_bfloat16() and _bfloat16_pays(cache_folder() / "processor.json") else torch.float32


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


def _bfloat16_pays(memory: Path) -> bool:
    key = f"{platform.machine()} {processor_name()}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    known = _read(memory)
    if key not in known:
        known[key] = round(share_of_time(), 2)
        with contextlib.suppress(OSError):  # it is tried again next time
            memory.parent.mkdir(parents=True, exist_ok=True)
            write_text(memory, json.dumps(known, indent=1) + "\n")
    return known[key] <= WORTH


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
