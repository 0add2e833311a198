"""Train the demo models from nothing, or go on where a training was interrupted.

python -m napari_cliptrase.demo.train clip --work /tmp/clip --out /tmp/clip/weights
python -m napari_cliptrase.demo.train sam --out /tmp/sam
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m napari_cliptrase.demo.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    models = parser.add_subparsers(dest="model", required=True)
    clip = models.add_parser("clip", help="the CLIP of the painted world")
    clip.add_argument("--work", type=Path, default=Path("demo-clip"), help="pictures (3.5 GB) and checkpoints")
    clip.add_argument("--seed", type=int, help="another seed than that of the shipped weights")
    sam = models.add_parser("sam", help="the SAM of the painted world")
    for model in (clip, sam):
        model.add_argument("--out", type=Path, required=True, help="folder for the weights")
        model.add_argument("--device", default="cpu", help="cpu or cuda")
    given = parser.parse_args(arguments)
    if given.model == "sam":
        from napari_cliptrase.demo.sam.train import train

        train(given.out, device=given.device, say=_say)
    else:
        _train_clip(given.work, given.out, given.seed, given.device)
    return 0


def _train_clip(work: Path, out: Path, seed: int | None, device: str) -> None:
    from napari_cliptrase.demo.clip_training import ClipRecipe, train_clip

    recipe = ClipRecipe() if seed is None else ClipRecipe(seed=seed)
    started, first = time.monotonic(), 0
    for progress in train_clip(work, out, recipe, device):
        first = first or progress.done
        if progress.done % 50 == 0 or progress.done == progress.total:
            pace = (time.monotonic() - started) / max(progress.done - first, 1)
            left = f"{pace * (progress.total - progress.done) / 60:.0f} minutes left"
            _say(f"{progress.done} of {progress.total}: {progress.text}; {left}")
    _say(f"The weights are in {out}.")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
