"""Reading takes at most about twice the memory of what comes out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_cliptrase.masks.registry import FORMATS

SCRIPT = Path(__file__).with_name("peak_of_reading.py")
CONSTANT = 16_000_000
"""Bytes for what does not grow with the image: strips of rows, lists of runs, pages of libraries."""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peaks are reset and told in other ways elsewhere")
@pytest.mark.parametrize("key", [key for key, form in FORMATS.items() if form.decode is not None and form.available])
def test_reading_takes_no_more_than_twice_what_comes_out(key):
    # what glibc is asked to keep would count as taken
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, str(SCRIPT), key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    taken, result = map(int, done.stdout.split())
    print(f"{key}: {taken / 1e6:.0f} MB for {result / 1e6:.0f} MB")  # noqa: T201 - the figures that docs/export.md names
    assert taken <= 2 * result + CONSTANT
