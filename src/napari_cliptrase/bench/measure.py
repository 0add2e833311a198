"""All measurements, one after the other."""

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

import open_clip
import torch

from napari_cliptrase._version import __version__
from napari_cliptrase.bench.bf16_row import bf16_row
from napari_cliptrase.bench.busy_row import busy_row
from napari_cliptrase.bench.cold_start_row import cold_start_row
from napari_cliptrase.bench.encode_row import encode_row
from napari_cliptrase.bench.folder_rows import folder_rows
from napari_cliptrase.bench.int8_row import int8_row
from napari_cliptrase.bench.limit_rows import encode_limit_row, sam_limit_row
from napari_cliptrase.bench.memory_row import memory_row
from napari_cliptrase.bench.prompts_row import VOC_NAMES, prompts_row
from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.rescoring_rows import rescoring_rows
from napari_cliptrase.bench.row import Row
from napari_cliptrase.bench.together_row import together_row
from napari_cliptrase.models.device import place, processor_name, remembered_share
from napari_cliptrase.models.load import load_model
from napari_cliptrase.progress import Progress

ENCODED_SIZES: Final = (224, 336)


def measure(*, thorough: bool = False) -> Iterator[Progress | Row]:
    """Yield what is measured next, and the rows as they are known; ``thorough`` takes some five times as long."""
    steps = _steps(thorough)
    yield Progress(0, len(steps) + 1, "building the networks")
    model = BenchModel.random()
    for number, (text, rows) in enumerate(steps, start=1):
        yield Progress(number, len(steps) + 1, text)
        yield from (row for row in rows(model) if row is not None)


def _steps(thorough: bool) -> list[tuple[str, Callable[[BenchModel], Iterable[Row | None]]]]:
    """What is measured, in this order; a row that this computer cannot measure is None."""
    large, many, few = ENCODED_SIZES[-1], 31 if thorough else 9, 15 if thorough else 5
    return [
        *((f"encoding {size}×{size}", partial(_encode, size, many)) for size in ENCODED_SIZES),
        ("the limit of the processor", lambda model: [encode_limit_row(model, large, few)]),
        ("encoding in bf16", lambda model: [bf16_row(model, large, few)]),
        ("encoding in int8", lambda model: [int8_row(model, large, few)]),
        ("encoding several windows", lambda model: [together_row(model, size, few) for size in ENCODED_SIZES]),
        ("encoding beside other programs", lambda model: [busy_row(model, large, 5 if thorough else 2)]),
        ("scoring", lambda _model: rescoring_rows(rounds=31 if thorough else 15)),
        ("memory", lambda _model: [memory_row()]),
        ("prompts", lambda model: [prompts_row(model, 3 if thorough else 1, len(VOC_NAMES) if thorough else 1)]),
        ("a folder with the demo model", lambda _model: _demo_folder(5 if thorough else 2)),
        (
            "a folder with ViT-B/16",
            lambda model: folder_rows(model.as_clip_model(), "ViT-B/16", 24 if thorough else 8, 3 if thorough else 1),
        ),
        ("starting", lambda _model: [cold_start_row(5 if thorough else 2)]),
        ("a SAM", lambda _model: [sam_limit_row(5 if thorough else 1)]),
    ]


def _demo_folder(rounds: int) -> Iterable[Row]:
    return folder_rows(load_model("demo", device="cpu", precision="fp32"), "demo model", 32, rounds)


def _encode(size: int, rounds: int, model: BenchModel) -> Iterable[Row]:
    return [encode_row(model, size, rounds)]


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
