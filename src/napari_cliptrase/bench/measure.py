"""All measurements, one after the other."""

import os
import platform
from collections.abc import Iterator

import open_clip
import torch

from napari_cliptrase._version import __version__
from napari_cliptrase.bench.encode_row import encode_row
from napari_cliptrase.bench.memory_row import memory_row
from napari_cliptrase.bench.prompts_row import CLASSES, prompts_row
from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.rescoring_rows import rescoring_rows
from napari_cliptrase.bench.row import Row


def measure(*, thorough: bool = False) -> Iterator[Row]:
    """Yield the rows as they are known; ``thorough`` takes some ten times as long."""
    model = BenchModel.random()
    for size in (224, 336):
        yield encode_row(model, size, rounds=31 if thorough else 9)
    yield from rescoring_rows(rounds=31 if thorough else 15)
    memory = memory_row()
    if memory is not None:
        yield memory
    yield prompts_row(model, rounds=3 if thorough else 1, compared=len(CLASSES) if thorough else 1)


def surroundings() -> dict[str, str | int]:
    """What the numbers depend on besides the code."""
    return {
        "napari-cliptrase": __version__,
        "torch": str(torch.__version__),
        "open_clip": open_clip.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count() or 0,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
