"""Measure a run over an image that does not fit into memory: painted tile by tile, stopped, continued, compared.

    python docs/measure_large.py --side 20480 --folder FOLDER                # more than an hour on two cores
    python docs/measure_large.py --side 20480 --rows 4096 --folder FOLDER    # the first rows of it
    python docs/measure_large.py --side 4096 --folder FOLDER

Prints the windows in a second beside those of the bare encoder in the same process, the memory above that of the loaded
model, the longest time between two steps (how long Cancel takes), and the mIoU against the painted truth beside that of
parts which were segmented as pictures of their own.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

PICTURE = 4096
PART = 1008
BARE_WINDOWS = 24


def paint(folder: Path, side: int) -> None:
    """Paint one picture and lay it side by side into a zarr; in a process of its own, whose memory does not count."""
    import zarr

    from napari_cliptrase.demo.panorama import Panorama

    picture = np.asarray(Panorama(0, (PICTURE, PICTURE)))
    image = zarr.create_array(
        store=folder / "image.zarr", shape=(side, side, 3), dtype="uint8", chunks=(512, 512, 3), overwrite=True
    )
    for top in range(0, side, PICTURE):
        for left in range(0, side, PICTURE):
            height, width = min(PICTURE, side - top), min(PICTURE, side - left)
            image[top : top + height, left : left + width] = picture[:height, :width]


class Watched:
    """Samples the memory of this process while it works."""

    def __init__(self) -> None:
        self.most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watched":
        self.before = resident()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, resident())


def resident() -> int:
    """Bytes of memory that this process holds now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def load(name: str) -> Any:
    """Return the demo model, or one with random weights of the shapes of ViT-B/16, whose labels mean nothing."""
    from napari_cliptrase import load_model

    demo = load_model("demo", device="cpu")
    if name == "demo":
        return demo
    from napari_cliptrase.bench.random_model import BenchModel

    made = BenchModel.random()
    return replace(
        demo, name="random ViT-B/16", vision=made.vision, text=made.text, tokenizer=made.tokenizer, vocabulary=None,
        fingerprint="random ViT-B/16", network=made.module, logit_scale=100.0,
    )  # fmt: skip


def measure(folder: Path, side: int, rows: int, parts: int, model: str) -> dict[str, Any]:
    """Run over the image, or over its first rows, with a stop after a tenth of that."""
    import zarr

    from napari_cliptrase import PromptSet, Segmenter, Settings
    from napari_cliptrase.batch.large_run import LargeRun, estimate_large
    from napari_cliptrase.demo.words import NAMES
    from napari_cliptrase.engine.encode import encode_pixels
    from napari_cliptrase.engine.pipeline import LargeRequest
    from napari_cliptrase.masks.label_pyramid import PyramidPlace, start_pyramid
    from napari_cliptrase.pixels.lazy_file import open_lazily
    from napari_cliptrase.pixels.lazy_picture import open_picture

    prompts = PromptSet.from_names(*NAMES)
    segmenter = Segmenter(load(model), Settings(detail="full"))
    found: dict[str, Any] = {"model": segmenter.model.name, "side": side}
    with open_lazily(folder / "image.zarr") as opened:
        picture = open_picture(opened.levels[0], opened.roles)
        plan = segmenter.plan_large(picture.shape)
        box = (slice(0, rows), slice(0, side))
        cores = plan.cores_in(box)
        some = np.linspace(0, len(cores) - 1, BARE_WINDOWS).astype(int)
        windows = np.stack([picture.read_resized(plan.pixels(int(number)), (336, 336)) for number in some])
        bare: list[float] = []

        def time_encoder() -> None:
            begun = time.perf_counter()
            for start in range(0, len(windows), 2):
                encode_pixels(segmenter.model, windows[start : start + 2], segmenter.settings, attention=False)
            bare.append(len(windows) / (time.perf_counter() - begun))

        time_encoder()
        found["estimate"] = estimate_large(segmenter, plan, cores).describe()
        root = folder / "labels.ome.zarr"
        shutil.rmtree(root, ignore_errors=True)
        seconds, gaps, encoded = 0.0, [0.0], 0
        with Watched() as memory:
            for stop_at in (len(cores) // 10, None):
                place = PyramidPlace(root, picture.shape, plan.windows.core_shape(picture.shape))
                pyramid = start_pyramid(place, prompts.table(), "measured")
                request = LargeRequest(picture, prompts, box=box, finished=pyramid.finished)
                steps = LargeRun(segmenter, request, pyramid).steps()
                begun = last = time.perf_counter()
                since = 0
                for progress in steps:
                    now = time.perf_counter()
                    gaps.append(now - last)
                    last = now
                    encoded = progress.done if "windows" in progress.text else encoded
                    if since + 400 <= encoded:  # the machine may be slower at other times
                        since = encoded
                        time_encoder()
                        begun += time.perf_counter() - now
                        last = time.perf_counter()
                    if stop_at is not None and progress.done >= stop_at:
                        break
                stopping = time.perf_counter()
                steps.close()
                if stop_at is not None:
                    found["cancelled_in"] = round(time.perf_counter() - stopping, 2)
                    found["kept"] = len(start_pyramid(place, prompts.table(), "measured").finished)
                seconds += time.perf_counter() - begun
                found["windows"] = found.get("windows", 0) + encoded
        time_encoder()
    found |= {
        "windows_a_second": round(found["windows"] / seconds, 2),
        "bare_windows_a_second": round(float(np.mean(bare)), 2),
        "share_of_bare": round(found["windows"] / seconds / float(np.mean(bare)), 3),
        "longest_step": round(max(gaps), 2),
        "memory_above_model_MB": round((memory.most - memory.before) / 1e6),
        "seconds": round(seconds),
    }
    labels = zarr.open_array(root / "0", mode="r")
    if model != "demo":
        return found
    return found | compare(segmenter, prompts, labels, (rows, side), parts)


def compare(segmenter: Any, prompts: Any, labels: Any, shape: tuple[int, int], parts: int) -> dict[str, float]:
    """MIoU of the labels and of parts that were segmented as pictures of their own, over the same pixels."""
    from napari_cliptrase.demo.panorama import Panorama
    from napari_cliptrase.demo.words import NAMES

    panorama = Panorama(0, (PICTURE, PICTURE))
    rng = np.random.default_rng(1)
    count = len(NAMES) + 1
    whole, alone = np.zeros((count, count), np.int64), np.zeros((count, count), np.int64)
    for _ in range(parts):
        inside = min(PICTURE, shape[0]) - PART + 1, min(PICTURE, shape[1]) - PART + 1
        scene = panorama.scene(*(at := [int(rng.integers(0, most)) for most in inside]), PART, PART)
        top, left = (
            start + PICTURE * int(rng.integers(0, (size - start - PART) // PICTURE + 1))
            for start, size in zip(at, shape, strict=True)
        )
        here = np.asarray(labels[top : top + PART, left : left + PART])
        own = segmenter.segment(segmenter.encode(scene.image), prompts).labels
        for table, guess in ((whole, here), (alone, own)):
            pairs = scene.labels.astype(np.int64) * count + guess
            table += np.bincount(pairs.ravel(), minlength=count * count).reshape(count, count)
    return {"miou_of_the_image": miou(whole), "miou_of_its_parts": miou(alone)}


def miou(table: np.ndarray) -> float:
    """Mean over the classes of the truth, in percent; rows are the truth, columns the labels."""
    met, truth = np.diag(table), table.sum(1)
    present = (truth > 0) & (np.arange(len(table)) > 0)
    return round(100 * float((met / np.maximum(truth + table.sum(0) - met, 1))[present].mean()), 2)


def main() -> None:
    """Paint in another process, then measure."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--side", type=int, default=4096)
    reader.add_argument("--rows", type=int, help="only so many rows")
    reader.add_argument("--parts", type=int, default=12)
    reader.add_argument("--model", choices=["demo", "random"], default="demo", help="random: the shapes of ViT-B/16")
    reader.add_argument("--folder", type=Path, required=True)
    reader.add_argument("--paint", action="store_true", help=argparse.SUPPRESS)
    chosen = reader.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    if chosen.paint:
        paint(chosen.folder, chosen.side)
        return
    if not (chosen.folder / "image.zarr").exists():
        again = [sys.executable, __file__, "--paint", "--side", str(chosen.side), "--folder", str(chosen.folder)]
        subprocess.run(again, check=True)
    print(
        json.dumps(
            measure(chosen.folder, chosen.side, chosen.rows or chosen.side, chosen.parts, chosen.model), indent=1
        )
    )


if __name__ == "__main__":
    main()
