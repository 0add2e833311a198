"""Memory of scoring many classes on a large image, measured in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

from napari_cliptrase.bench.row import Row

_CLASSES, _SIZE, _GRID = 150, (1080, 1920), (34, 60)
TARGET_MB = 300.0


def memory_row() -> Row | None:
    """Extra memory of scoring 150 classes to 1920 × 1080 labels with margins; None where the system does not say."""
    if sys.platform == "win32":
        return None
    output = subprocess.run([sys.executable, "-m", __name__], check=True, capture_output=True, text=True).stdout
    extra, volume = (json.loads(output)[key] for key in ("extra", "volume"))
    return Row(
        name=f"memory of {_CLASSES} classes to {_SIZE[1]}×{_SIZE[0]}",
        ours=extra,
        theirs=volume,
        unit="MB",
        figure=extra,
        target=TARGET_MB,
        at_most=True,
        note="labels after the vote, then the two best classes and probabilities; against classes × height × width",
    )


def _measure() -> dict[str, float]:
    import torch

    from napari_cliptrase.bench.rescoring_rows import (
        labels_after_vote,
        random_text,
        score_grid,
        smooth_features,
        some_regions,
    )
    from napari_cliptrase.cliptrase.scoring import rank_pixels

    features, text, regions = smooth_features(_GRID), random_text(_CLASSES), some_regions(_SIZE)
    with torch.inference_mode():
        rank_pixels(score_grid(features, _GRID, text[:2]), (64, 64))  # what torch allocates once
        before = _now()
        scores = score_grid(features, _GRID, text)
        labels_after_vote(scores, regions, _SIZE)
        rank_pixels(scores, _SIZE)
    return {"extra": _peak() - before, "volume": _CLASSES * _SIZE[0] * _SIZE[1] * 4 / 1e6}


def _now() -> float:
    """MB that the process has in memory; where the system does not say, the most it ever had."""
    return _status("VmRSS") or _peak()


def _peak() -> float:
    """MB that the process had in memory at most."""
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts what the parent process had when it started this one; its own count does not
    return _status("VmHWM") or (most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6)


def _status(entry: str) -> float | None:
    """MB of an entry of Linux's account of this process."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(entry)), None)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure()))
