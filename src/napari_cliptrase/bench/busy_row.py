"""Encoding while other programs keep the processor busy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import torch

from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.row import Row
from napari_cliptrase.cliptrase.encoder import encode

BUSY_TARGET = 2.5
_SPELL = 3
"""Passes in a row before the other programs start or stop."""


@torch.inference_mode()
def busy_row(model: BenchModel, size: int, rounds: int) -> Row:
    """Encoding of one size × size image with one other program for each core, against the same without them."""
    image = torch.randn(1, 3, size, size)
    encode(model.vision, image)
    quiet: list[float] = []
    busy: list[float] = []
    for _ in range(rounds):
        quiet += _spell(model, image)
        with other_programs(available_cores()):
            busy += _spell(model, image)
    ours, theirs = median(busy), median(quiet)
    return Row(
        name=f"encode {size}×{size} on a busy computer",
        ours=ours * 1e3,
        theirs=theirs * 1e3,
        unit="ms",
        figure=ours / theirs,
        target=BUSY_TARGET,
        at_most=True,
        note=f"{available_cores()} other programs that only compute, one for each core, against none",
    )


def _spell(model: BenchModel, image: torch.Tensor) -> list[float]:
    seconds = []
    for _ in range(_SPELL):
        start = perf_counter()
        encode(model.vision, image)
        seconds.append(perf_counter() - start)
    return seconds


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def other_programs(count: int) -> Iterator[None]:
    """Let ``count`` processes compute as long as the block lasts."""
    endless = "print(flush=True)\nwhile True: pass"
    programs = [subprocess.Popen([sys.executable, "-c", endless], stdout=subprocess.PIPE) for _ in range(count)]
    try:
        for program in programs:
            assert program.stdout is not None
            program.stdout.readline()
        yield
    finally:
        for program in programs:
            program.kill()
            program.communicate()
