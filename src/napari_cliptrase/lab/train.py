"""Train the demo models from nothing, or go on where a training was interrupted.

python -m napari_cliptrase.lab.train clip --work /tmp/clip --out /tmp/clip/weights
python -m napari_cliptrase.lab.train sam --out /tmp/sam
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from napari_cliptrase.progress import Progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m napari_cliptrase.lab.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    models = parser.add_subparsers(dest="model", required=True)
    clip = models.add_parser("clip", help="the CLIP of the painted world")
    clip.add_argument("--work", type=Path, default=Path("demo-clip"), help="pictures (3.5 GB) and checkpoints")
    sam = models.add_parser("sam", help="the SAM of the painted world")
    for model in (clip, sam):
        model.add_argument("--seed", type=int, help="another seed than that of the shipped weights")
        model.add_argument("--out", type=Path, required=True, help="folder for the weights")
        model.add_argument("--device", default="cpu", help="cpu or cuda")
    given = parser.parse_args(arguments)
    try:
        if given.model == "sam":
            _train_sam(given.out, given.seed, given.device)
        else:
            _train_clip(given.work, given.out, given.seed, given.device)
    except KeyboardInterrupt:
        _log("Stopped. The same command continues from the last checkpoint.")
        return 130
    return 0


def _train_sam(out: Path, seed: int | None, device: str) -> None:
    from napari_cliptrase.lab.sam_training import SamTraining, train

    train(out, SamTraining() if seed is None else SamTraining(seed=seed), device=device, log=_log)


def _train_clip(work: Path, out: Path, seed: int | None, device: str) -> None:
    from napari_cliptrase.lab.clip_training import ClipRecipe, train_clip

    recipe = ClipRecipe() if seed is None else ClipRecipe(seed=seed)
    pace = Pace()
    for progress in train_clip(work, out, recipe, device):
        left = pace.left(progress, time.monotonic())
        if progress.done % 50 == 0 or progress.done == progress.total:
            _log(f"{progress.done} of {progress.total}: {progress.text}{left}")
    _log(f"The weights are in {out}.")


class Pace:
    """How long a stretch of work will still take, from the steps of this stretch alone."""

    def __init__(self) -> None:
        self._first: tuple[Progress, float] | None = None

    def left(self, progress: Progress, now: float) -> str:
        """Return "; 12 minutes left", or nothing while there is nothing to judge by."""
        first, started = self._first or (progress, now)
        if progress.total != first.total or progress.done <= first.done:  # another stretch has begun
            self._first = progress, now
            return ""
        pace = (now - started) / (progress.done - first.done)
        return f"; {pace * (progress.total - progress.done) / 60:.0f} minutes left"


def _log(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
