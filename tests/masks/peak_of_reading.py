"""python peak_of_reading.py KEY: the most memory that reading a mask of 3000 × 3000 takes, and what its result takes.

Prints two numbers of bytes. Measured where the system counts pages: the picture library's memory is not Python's.
"""

import gc
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.output_place import Layout
from napari_cliptrase.masks.registry import FORMATS

SIDE, SMALL, CLASSES, PATCH = 3000, 200, 20, 100


def status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


def written(key: str, side: int, folder: Path) -> Path:
    """Write a mask; return what is to be read."""
    form = FORMATS[key]
    patches = np.random.default_rng(0).integers(0, CLASSES + 1, (side // PATCH, side // PATCH), np.uint8)
    labels = np.kron(patches, np.ones((PATCH, PATCH), np.uint8))
    table = ClassTable.from_names(*(f"class {number}" for number in range(1, CLASSES + 1)))
    folder.mkdir()
    form.write(LabelImage(labels, table), folder, ExportOptions(instances=form.objects is not Objects.NEVER))
    if form.layout is Layout.FOLDER:
        return folder
    return next(path for path in sorted(folder.iterdir()) if path.name.endswith(form.extensions))


def main(key: str) -> None:
    with TemporaryDirectory() as root:
        small, large = written(key, SMALL, Path(root) / "small"), written(key, SIDE, Path(root) / "large")
        list(FORMATS[key].read(small))  # imports are no part of the measure
        gc.collect()
        before = status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        (mask,) = FORMATS[key].read(large)
        taken = status("VmHWM") - before
    numbers = 0 if mask.instances is None else mask.instances.nbytes
    sys.stdout.write(f"{taken} {mask.labels.nbytes + numbers}\n")


if __name__ == "__main__":
    main(sys.argv[1])
