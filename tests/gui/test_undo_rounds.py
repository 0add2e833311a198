"""Undo of a run with many layers does not end the process where the window is drawn in software."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_layers_that_came_and_went_several_times_leave_a_living_window():
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("undo_rounds.py")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert [line for line in done.stdout.splitlines() if line.isdigit()] == ["1"] * 4
