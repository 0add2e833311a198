"""Measure how many pixels of painted films flicker, with and without smoothing of the scores along time.

    python docs/measure_flicker.py --films 4

Prints, for each share that neighbouring planes have in the scores: the pixels that change their label although their
true class stays, in percent of those whose true class stays, and the mIoU against the painted truth.
"""

import argparse

import numpy as np

from napari_cliptrase import PromptSet, Segmenter, load_model
from napari_cliptrase.demo.motion import paint_film
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.engine.pipeline import PlaneRequest, segment_stack_steps
from napari_cliptrase.progress import run_to_end

SHARES = (0.0, 0.3, 0.5, 0.7)


def measure(films: int, frames: int) -> None:
    """Print one line for each share."""
    segmenter = Segmenter(load_model("demo"))
    painted = [paint_film(seed, frames) for seed in range(films)]
    prompts = PromptSet.from_names(*NAMES)
    ids = {entry.name: entry.id for entry in prompts}
    count = len(NAMES) + 1
    for share in SHARES:
        table = np.zeros((count, count), np.int64)
        stays = changes = 0
        for film in painted:
            of_truth = np.zeros(256, np.uint8)
            for entry in film.classes:
                of_truth[entry.id] = ids.get(entry.name, 0)
            truth = of_truth[film.labels]
            found: dict[int, np.ndarray] = {}
            steps = segment_stack_steps(
                segmenter,
                (PlaneRequest(rgb, prompts) for rgb in film.images),
                lambda number, response, found=found: found.update({number: response.labels}),
                share,
            )
            run_to_end(steps)
            labels = np.stack([found[number] for number in range(len(film.images))])
            same = truth[1:] == truth[:-1]
            stays += int(same.sum())
            changes += int((same & (labels[1:] != labels[:-1])).sum())
            pairs = truth.astype(np.int64) * count + labels
            table += np.bincount(pairs.ravel(), minlength=count * count).reshape(count, count)
        met, there = np.diag(table), table.sum(1)
        present = (there > 0) & (np.arange(count) > 0)
        miou = (met / np.maximum(there + table.sum(0) - met, 1))[present].mean()
        print(f"share {share}: {100 * changes / stays:.2f} % flicker, mIoU {100 * miou:.2f}", flush=True)


def main() -> None:
    """Read the arguments and measure."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--films", type=int, default=4)
    reader.add_argument("--frames", type=int, default=12)
    chosen = reader.parse_args()
    measure(chosen.films, chosen.frames)


if __name__ == "__main__":
    main()
