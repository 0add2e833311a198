"""All measurements, one after the other."""

import os
import platform
from collections.abc import Iterator
from typing import Final

import open_clip
import torch

from napari_cliptrase._version import __version__
from napari_cliptrase.bench.encode_row import encode_row
from napari_cliptrase.bench.int8_row import int8_row
from napari_cliptrase.bench.memory_row import memory_row
from napari_cliptrase.bench.prompts_row import VOC_NAMES, prompts_row
from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.rescoring_rows import rescoring_rows
from napari_cliptrase.bench.row import Row
from napari_cliptrase.models.device import place, processor_name, remembered_share
from napari_cliptrase.progress import Progress

ENCODED_SIZES: Final = (224, 336)
STEPS: Final = (
    "building the networks",
    *(f"encoding {s}×{s}" for s in ENCODED_SIZES),
    "encoding in int8",
    "scoring",
    "memory",
    "prompts",
)
"""What is measured, in this order."""


def measure(*, thorough: bool = False) -> Iterator[Progress | Row]:
    """Yield what is measured next, and the rows as they are known; ``thorough`` takes some ten times as long."""
    yield Progress(0, len(STEPS), STEPS[0])
    model = BenchModel.random()
    for done, size in enumerate(ENCODED_SIZES, start=1):
        yield Progress(done, len(STEPS), STEPS[done])
        yield encode_row(model, size, rounds=31 if thorough else 9)
    yield Progress(3, len(STEPS), STEPS[3])
    yield int8_row(model, ENCODED_SIZES[-1], rounds=15 if thorough else 5)
    yield Progress(4, len(STEPS), STEPS[4])
    yield from rescoring_rows(rounds=31 if thorough else 15)
    yield Progress(5, len(STEPS), STEPS[5])
    memory = memory_row()
    if memory is not None:
        yield memory
    yield Progress(6, len(STEPS), STEPS[6])
    yield prompts_row(model, rounds=3 if thorough else 1, compared=len(VOC_NAMES) if thorough else 1)


def surroundings() -> dict[str, str | int]:
    """What the numbers depend on besides the code."""
    return {
        "napari-cliptrase": __version__,
        "torch": str(torch.__version__),
        "open_clip": open_clip.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor_name(),
        "instructions": _instructions(),
        "precision": place("cpu").note,
        "bf16": f"{remembered_share():.2f} × the time of fp32 for a matrix product",
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count() or 0,
    }


def _instructions() -> str:
    """What torch uses of the processor, and the products of few bits that it has."""
    special = {"_is_avx512_bf16_supported": "bf16", "_is_vnni_supported": "VNNI", "_is_amx_tile_supported": "AMX"}
    found = [word for name, word in special.items() if getattr(torch.cpu, name, lambda: False)()]
    return " ".join([torch.backends.cpu.get_cpu_capability(), *found])
