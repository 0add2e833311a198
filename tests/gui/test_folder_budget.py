"""Annotating a folder keeps the window alive: saving, going on, filtering thousands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("folder_pulse.py")
LONGEST = {"arrive_work": 1.8, "save": 0.05, "switch": 0.4, "threshold": 1.0, "filter": 0.4}
"""What may be taken of the window's time at once, in times of what napari needs for one image and one label layer,
about 0.25 s: until the next image can be painted on, saving a stroke on 4096 x 4096 pixels, choosing another class
there, a step of writing a moved threshold there, filtering 5,000 images."""
ATTEMPTS = 4


@pytest.mark.slow
def test_going_on_saving_and_filtering_stay_within_their_times(record_property, tmp_path):
    runs = []
    for attempt in range(ATTEMPTS):  # other programs can only make it longer, so the best of a few is ours
        folder = tmp_path / str(attempt)
        folder.mkdir()
        done = subprocess.run([sys.executable, SCRIPT, folder], check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        milliseconds = 1000 * found["napari"]
        runs.append(
            {
                "arrive_work": found["arrive_work"] / found["napari"],
                "save": found["save"] / milliseconds,
                "switch": found["switch"] / milliseconds,
                "threshold": found["threshold"] / milliseconds,
                "filter": found["filter"] / milliseconds,
            }
        )
        if all(min(run[part] for run in runs) <= limit for part, limit in LONGEST.items()):
            break
    record_property("folder", runs)
    for part, limit in LONGEST.items():
        assert min(run[part] for run in runs) <= limit, (part, runs)
