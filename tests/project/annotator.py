"""A scripted annotator in a process of its own: ``python annotator.py FOLDER SEED FIRST_STEP``.

It paints, undoes, runs a model, marks images as done and goes on, with autosave, and prints every step after it was
handed over. What image and step give is a pure function of seed and step, so that the test can tell from the files
alone which step was saved: the first pixels of a mask spell it.
"""

import random
import sys
import time

import numpy as np

from napari_cliptrase.project.autosave import Autosave
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

DIGITS = 12


def spell(labels: np.ndarray, step: int) -> None:
    """Write a step into the first pixels, two bits each."""
    for digit in range(DIGITS):
        labels[0, digit] = 1 + (step >> 2 * digit & 3)


def main(folder: str, seed: int, first: int) -> None:
    chance = random.Random(seed)
    with Project.open(folder) as project:
        names = [record.name for record in project]
        autosave = Autosave(project)
        at, step, undo = 0, first, []
        labels = project.read(names[at]).labels.copy()
        while True:
            step += 1
            name = names[at]
            kind = chance.choices(["paint", "undo", "run", "next", "done"], [10, 3, 1, 2, 1])[0]
            if kind == "next":
                at = (at + 1) % len(names)
                waiting = autosave.unsaved(names[at])
                labels = (project.read(names[at]).labels if waiting is None else waiting).copy()
                undo = []
                continue
            if kind == "run":
                autosave.flush()
                project.take_result(name, {(): np.full(labels.shape, 2, np.uint8)})
                labels = project.read(name).labels.copy()
                continue
            if kind == "undo" and undo:
                labels = undo.pop()
            else:
                undo.append(labels.copy())
                top = chance.randrange(1, labels.shape[0] - 4)
                labels[top : top + 4, chance.randrange(labels.shape[1]) :] = chance.randrange(1, 4)
            spell(labels, step)
            autosave.put(name, labels)
            if kind == "done":
                autosave.later(lambda name=name: project.set_state(name, State.DONE))
            sys.stdout.write(f"step {step} {name} {labels.tobytes().hex()}\n")
            sys.stdout.flush()
            time.sleep(chance.random() * 0.02)
            if chance.random() < 0.02:
                autosave.flush()


if __name__ == "__main__":
    assert Provenance.HAND == 3
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
