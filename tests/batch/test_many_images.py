"""Many small images: on workers of which one dies, interrupted and gone on with, in memory that does not grow.

``CLIPTRASE_IMAGES`` sets how many; a few in every run of the tests, 2,000 before a release.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="workers are an extra: napari-cliptrase[cluster]")

IMAGES = int(os.environ.get("CLIPTRASE_IMAGES", "40"))
FEW = max(IMAGES // 20, 20)
SCRIPT = Path(__file__).with_name("many_images.py")
GOLDEN = Path(__file__).parents[1] / "data" / "golden"
MODEL = f"local-dir:{GOLDEN / 'toyclip'}"
MORE_MEMORY = 1.1

Pictures = Callable[..., Path]
Files = Callable[[Path], dict[str, bytes]]


def start(folder: Path, workers: int = 0, kill_after: int = 0) -> subprocess.Popen[str]:
    words = [sys.executable, str(SCRIPT), str(folder), MODEL, str(workers), str(kill_after)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})


def finish(process: subprocess.Popen[str]) -> tuple[list[str], int]:
    """Wait; return the names in the order they were done, and the most memory in KiB."""
    out, _ = process.communicate()
    assert process.returncode == 0
    *names, memory = out.splitlines()
    return names, json.loads(memory)


def without_backups(contents: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in contents.items() if "/backup/" not in name}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows counts memory in another way")
def test_each_is_done_once_whoever_dies_and_memory_stays(
    pictures: Pictures, files: Files, record_property: Callable[[str, object], None], tmp_path: Path
) -> None:
    _, memory_of_few = finish(start(pictures("few", FEW)))

    began = time.monotonic()
    serial = pictures("serial", IMAGES)
    names, memory = finish(start(serial))
    seconds = time.monotonic() - began
    everything = sorted(names)
    assert len(set(names)) == IMAGES == len(names)
    expected = files(serial)

    began = time.monotonic()
    workers = pictures("workers", IMAGES)
    names, _ = finish(start(workers, workers=2, kill_after=IMAGES // 2))
    worker_seconds = time.monotonic() - began
    assert sorted(names) == everything  # each once
    assert files(workers) == expected

    parts = pictures("parts", IMAGES)
    process = start(parts)
    assert process.stdout is not None
    before = [process.stdout.readline().strip() for _ in range(IMAGES // 2)]
    process.kill()
    before += process.stdout.read().splitlines()
    process.wait()
    after, _ = finish(start(parts))
    assert set(after) <= set(everything) - set(before)
    assert len(before) + len(after) >= IMAGES - 4  # what was written and not yet told is not done again, either
    # an image that the kill met between its mask and its state is written again, which backs up what was there
    assert without_backups(files(parts)) == without_backups(expected)

    figures = {
        "images": IMAGES,
        "serial seconds": round(seconds, 1),
        "workers seconds": round(worker_seconds, 1),
        f"MiB for {FEW}": memory_of_few // 1024,
        f"MiB for {IMAGES}": memory // 1024,
        "done before the kill, after it": (len(before), len(after)),
    }
    record_property("many images", figures)
    sys.stdout.write(f"{figures}\n")
    assert memory <= MORE_MEMORY * memory_of_few, figures
