"""A few damaged files of every kind; `tox -e torture` reads as many as the time allows."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_damaged_files_neither_crash_nor_hang_nor_take_the_memory():
    command = [sys.executable, str(Path(__file__).with_name("run.py")), "--seed", "1", "--inputs", "20"]
    done = subprocess.run([*command, "--seconds", "100"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
