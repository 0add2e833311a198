"""Measure how long napari's window stands still while labels of a large image, in a zarr on disk, are painted on.

    python docs/measure_painting.py --side 20000 --folder FOLDER      # on a server: xvfb-run -a python ...

Makes the zarr, shows it as a run over a large image does, zooms in, and paints, fills and undoes as a person would, one
step of the brush at a time. Prints the longest time for which the window stood still in each, in seconds.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import napari
import numpy as np
import zarr
from qtpy.QtWidgets import QApplication

CHUNK = 224
SHOWN = 1000
STROKE = 4


def make(folder: Path, side: int) -> zarr.Array:
    """Make labels in blobs of some hundred pixels, as a segmentation has them."""
    labels = zarr.create_array(
        folder / "painted.zarr", shape=(side, side), dtype="uint8", chunks=(CHUNK, CHUNK), overwrite=True
    )
    rng = np.random.default_rng(0)
    for top in range(0, side, 10 * CHUNK):
        rows = min(10 * CHUNK, side - top)
        blobs = rng.integers(0, 6, (-(-rows // 160), -(-side // 160)), dtype=np.uint8)
        labels[top : top + rows] = np.kron(blobs, np.ones((160, 160), np.uint8))[:rows, :side]
    return labels


def longest(steps: list[Callable[[], object]]) -> float:
    """Take steps one by one, let the window draw after each, and return the longest of them in seconds."""
    most = 0.0
    for step in steps:
        begun = time.perf_counter()
        step()
        QApplication.processEvents()
        most = max(most, time.perf_counter() - begun)
    return round(most, 2)


def measure(folder: Path, side: int) -> None:
    """Print the longest block of each kind of work as soon as it is known."""
    labels = make(folder, side)
    viewer = napari.Viewer(show=True)

    def tell(what: str, steps: list[Callable[[], object]]) -> None:
        print(f"{what}: {longest(steps)} s", flush=True)

    tell("show the layer", [lambda: viewer.add_labels(labels, name="labels")])
    layer = viewer.layers["labels"]
    layer.selected_label, layer.brush_size, layer.mode = 3, 20, "paint"
    middle = side // 2
    camera = getattr(viewer, "scene", viewer).camera

    def zoom() -> None:
        camera.center, camera.zoom = (middle, middle), 600 / SHOWN

    tell("zoom in", [zoom])

    def stroke(at: int) -> Callable[[], object]:
        return lambda: layer.paint((middle + at, middle + at), 5)

    with layer.block_history():
        tell("brush, each step", [stroke(8 * number) for number in range(STROKE)])
    tell("undo of the stroke", [layer.undo])
    layer.contiguous = True
    tell("fill, connected", [lambda: layer.fill((middle, middle), 7)])
    tell("undo of the fill", [layer.undo])
    viewer.close()


def main() -> None:
    """Read the arguments and print what was found."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--side", type=int, default=20000)
    reader.add_argument("--folder", type=Path, required=True)
    chosen = reader.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    measure(chosen.folder, chosen.side)


if __name__ == "__main__":
    main()
