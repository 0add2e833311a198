"""The window stays alive while the model works, from the first run of a process on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("first_run.py")
LONGEST = {"start": 4, "encode": 0.4, "write": 4}
"""How long the window may be blocked at once, in times of what napari takes for two label layers of that size, about
0.35 s. While an image is encoded a user must not notice it. Before that torch is imported, which lets no other thread
work; after it napari makes and draws a layer for each of eight classes, which took more than 2 s when its first label
layer was not prepared in the worker."""
ATTEMPTS = 3
FEWEST_LAYERS = 5


@pytest.mark.slow
def test_no_long_block_of_the_window_in_the_first_run_on_a_large_image(record_property):
    runs = []
    for _ in range(ATTEMPTS):  # other programs can only make it longer, so the best of a few counts
        printed = subprocess.run([sys.executable, SCRIPT], check=True, capture_output=True, text=True).stdout
        runs.append(json.loads(printed.splitlines()[-1]))
        if all(runs[-1][part] <= LONGEST[part] * runs[-1]["napari"] for part in LONGEST):
            break
    record_property("longest_blocks_ms", runs)
    assert runs[0]["layers"] >= FEWEST_LAYERS
    for part, limit in LONGEST.items():
        assert min(run[part] / run["napari"] for run in runs) <= limit, (part, runs)
