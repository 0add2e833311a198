import subprocess
import sys
from pathlib import Path

import pytest

from napari_cliptrase.models.catalog import find_entry
from napari_cliptrase.models.verify import sha256_of
from napari_cliptrase.refine.cost import PUBLISHED_SIZE, Cost, SamSize, cost_of, timing_key
from napari_cliptrase.refine.timings import Timings


@pytest.fixture
def timings(tmp_path: Path) -> Timings:
    return Timings(tmp_path / "timings.json")


def test_a_published_model_is_known_before_it_is_downloaded(timings: Timings) -> None:
    entry = find_entry("vit_b", "sam")
    assert entry is not None
    assert entry.checkpoint is not None
    assert cost_of("vit_b", (500, 700), timings) == Cost(None, PUBLISHED_SIZE.bytes((500, 700)))
    timings.remember(timing_key(entry.checkpoint.sha256, PUBLISHED_SIZE, "cpu torch.float32"), 8.0)
    timings.remember(timing_key(entry.checkpoint.sha256, PUBLISHED_SIZE, "NVIDIA H200 torch.float16"), 0.5)
    assert cost_of("vit_b", (500, 700), timings).seconds == 0.5
    windows = len(PUBLISHED_SIZE.tiles((5000, 7000)))
    assert windows > 1
    assert cost_of("vit_b", (5000, 7000), timings).seconds == 0.5 * windows
    assert cost_of("vit_h", (500, 700), timings).seconds is None


def test_a_file_is_known_once_it_was_used(timings: Timings, tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(b"weights")
    assert cost_of(str(path), (60, 60), timings) == Cost(None, None)
    timings.remember(timing_key(sha256_of(path), SamSize(64, 32), "cpu torch.float32"), 2.0)
    assert cost_of(str(path), (60, 60), timings) == Cost(2.0, SamSize(64, 32).bytes((60, 60)))
    path.write_bytes(b"other weights")
    assert cost_of(str(path), (60, 60), timings).seconds is None
    assert cost_of(str(tmp_path / "none.pth"), (60, 60), timings) == Cost(None, None)


def test_the_shipped_model_is_known(timings: Timings) -> None:
    entry = find_entry("demo", "sam")
    assert entry is not None
    assert entry.path is not None
    timings.remember(timing_key(sha256_of(entry.path), SamSize(256, 128), "cpu torch.float32"), 2.0)
    assert cost_of("demo", (60, 60), timings).seconds == 2.0


def test_it_is_reported_without_torch() -> None:
    code = "import sys, napari_cliptrase.refine.cost; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
