"""A program that is killed at any moment loses one second of work at most, and everything opens.

``CLIPTRASE_KILLS`` sets how often; a few times in every run of the tests, 200 before a release.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project

KILLS = int(os.environ.get("CLIPTRASE_KILLS", "12"))
ANNOTATOR = Path(__file__).with_name("annotator.py")
SHAPE = (24, 32)
DIGITS = 12
IMAGES = 4
MOST_LOST = 1.0  # seconds


def spelt(labels: np.ndarray) -> int:
    """Return the step that a mask spells; 0 when nobody has drawn."""
    digits = labels[0, :DIGITS].astype(int)
    return 0 if not digits.all() else int(sum((digit - 1 & 3) << 2 * place for place, digit in enumerate(digits)))


def test_a_killed_program_loses_a_second_at_most(
    tmp_path: Path, prompts: PromptSet, paint: Callable[..., None]
) -> None:
    for number in range(IMAGES):
        paint(tmp_path / f"{number}.png", SHAPE, number)
    Project.create(tmp_path, prompts).close()
    chance = random.Random(2026)
    drawn: dict[int, tuple[str, bytes]] = {}
    found: dict[str, int] = {}
    last = 0
    for kill in range(KILLS):
        times: dict[int, float] = {}

        def listen(stream: object, times: dict[int, float] = times) -> None:
            for line in stream:  # type: ignore[attr-defined]
                if line.endswith("\n"):
                    _, step, name, pixels = line.split()
                    drawn[int(step)] = (name, bytes.fromhex(pixels))
                    times[int(step)] = time.monotonic()

        child = subprocess.Popen(
            [sys.executable, str(ANNOTATOR), str(tmp_path), str(kill), str(last)], stdout=subprocess.PIPE, text=True
        )
        listener = threading.Thread(target=listen, args=(child.stdout,))
        listener.start()
        started = time.monotonic()
        while not times and time.monotonic() - started < 60:
            time.sleep(0.01)
        time.sleep(chance.random() * 1.5)
        child.kill()
        killed = time.monotonic()
        child.wait()
        listener.join()
        assert times, "the annotator did nothing"
        last = max(last, max(times)) + 1000
        with Project.open(tmp_path) as project:
            assert not project.read_only
            assert not project.missing
            for record in project:
                labels = project.read(record.name).labels
                step = spelt(labels)
                settled = [old for old in times if drawn[old][0] == record.name]
                settled = [old for old in settled if times[old] < killed - MOST_LOST]
                assert step >= max(settled, default=found.get(record.name, 0)), f"kill {kill}: {record.name}"
                found[record.name] = step
                if step in drawn and not (labels == 2).all():
                    expected = np.frombuffer(drawn[step][1], np.uint8).reshape(SHAPE)
                    assert drawn[step][0] == record.name
                    differs = labels != expected  # what a model filled in afterwards
                    assert (expected[differs] == 0).all()
                    assert (labels[differs] == 2).all()
                assert (project.record(record.name).state is State.NEW) == (not labels.any())
                values, counts = np.unique(labels[labels != 0], return_counts=True)
                assert project.record(record.name).pixels == dict(zip(values.tolist(), counts.tolist(), strict=True))
