"""A napari that is killed at any moment loses a second at most: painting, undoing, runs, going on in a real window.

``CLIPTRASE_KILLS`` sets how often; a few times in every run of the tests, 200 before a release.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.gui.folder_painter import served_time

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

KILLS = int(os.environ.get("CLIPTRASE_KILLS", "4"))
PAINTER = Path(__file__).with_name("folder_painter.py")
MODEL = f"local-dir:{Path(__file__).parents[1] / 'data' / 'golden' / 'toyclip'}"
DIGITS = 12
IMAGES = ("0.png", "1.png", "2.png")
LONGEST_LIFE = 3.0
MOST_LOST = 1.0  # seconds


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the painters are copies of one process")
@pytest.mark.usefixtures("qapp")  # there is a display
def test_a_killed_napari_loses_a_second_at_most_and_every_file_opens(tmp_path, record_property):
    scene = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    for name in IMAGES:
        Image.fromarray(scene).save(tmp_path / name)
    Project.create(tmp_path, PromptSet.parse("cat\ndog")).close()
    before = dict.fromkeys(IMAGES, "0" * DIGITS)
    lost = []
    done = {"strokes and undos": 0, "filled by the model": 0}
    server = subprocess.Popen(
        [sys.executable, PAINTER, tmp_path, MODEL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    for seed in range(KILLS):
        server.stdin.write(f"{seed}\n")
        server.stdin.flush()
        pid = int(server.stdout.readline().split()[1])
        lines = [server.stdout.readline()]
        time.sleep(LONGEST_LIFE * random.Random(seed).random())
        os.kill(pid, signal.SIGSTOP)
        killed = served_time(pid)
        os.kill(pid, signal.SIGKILL)
        while not lines[-1].endswith("ended\n"):
            lines.append(server.stdout.readline())
        made: dict[str, list[tuple[float, str]]] = {}
        for line in lines:
            words = line.split()
            if len(words) == 3 and len(words[2]) == DIGITS and line.endswith("\n"):
                made.setdefault(words[1], []).append((float(words[0]), words[2]))
        done["strokes and undos"] += sum(map(len, made.values()))
        with Project.open(tmp_path) as project:
            assert not project.read_only
            worked_on = {record.name for record in project if record.planes}
            assert project.last_image in worked_on or not worked_on
            for record in list(project):
                found = project.read(record.name)
                labels, record = found.labels, project.record(record.name)
                saved = "".join("1" if value == 1 else "0" for value in labels[0, :DIGITS])
                strokes = made.get(record.name, [])
                late = [digits for moment, digits in strokes if moment >= killed - MOST_LOST]
                older = [before[record.name], *(digits for moment, digits in strokes if moment < killed - MOST_LOST)]
                assert saved in (*late, older[-1]), (seed, record.name, strokes[-5:], saved)
                if strokes and saved != strokes[-1][1]:
                    lost.append(killed - next(moment for moment, digits in strokes if moment >= killed - MOST_LOST))
                before[record.name] = saved
                values, counts = np.unique(labels[labels != 0], return_counts=True)
                assert record.pixels == dict(zip(values.tolist(), counts.tolist(), strict=True))
                assert (record.state is State.NEW) == (not record.planes)
                by_hand = (found.sources == Provenance.HAND).any()
                assert not (by_hand and record.state in (State.NEW, State.PRE_ANNOTATED)), record
                done["filled by the model"] += bool((found.sources == Provenance.MODEL).any())
        sys.stdout.write(f"kill {seed + 1}: {sum(map(len, made.values()))} strokes and undos\n")
        sys.stdout.flush()
    server.stdin.close()
    server.wait()
    assert done["strokes and undos"] > KILLS
    figures = {"kills": KILLS, **done, "kills that lost a stroke": len(lost), "most seconds lost": max(lost, default=0)}
    record_property("killed", figures)
    sys.stdout.write(f"{figures}\n")
