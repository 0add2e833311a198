"""Every format of masks that is read back; what can be read must be writable, too."""

import json
import random
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from target import Target

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS, guess_format

READABLE = tuple(key for key, form in FORMATS.items() if form.decode is not None and form.available)
TARGETS_OF_EXPORT = tuple(key for key, form in FORMATS.items() if form.available)


def _mask() -> LabelImage:
    labels = np.zeros((24, 32), np.uint8)
    labels[4:16, 4:16] = 1
    labels[8:12, 8:12] = 0
    labels[20, 20:24] = 2
    labels[2, 30] = 3
    table = ClassTable(
        (
            MaskClass(1, "cat", (128, 0, 0), prompts=("cat", "kitten"), threshold=0.3),
            MaskClass(2, "dog", (0, 128, 0)),
            MaskClass(3, "犬", (1, 2, 3)),
        )
    )
    return LabelImage(labels, table, stem="a", scale=(0.5, 0.25), units=("micrometer",) * 2, image_name="a.png")


def _corpus(key: str, folder: Path) -> tuple[Path, Sequence[Path]]:
    form = FORMATS[key]
    name = f"a{form.extensions[0]}" if form.extensions else "a"
    form.write(_mask(), folder / name, ExportOptions(instances=True))
    skipped = ("labels.txt", "config.xml", "itksnap_labels.txt")
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.endswith(skipped)]
    return folder / name, [path for path in files if not path.name.startswith(".cliptrase")]


def _parse(key: str, source: Path, out: Path) -> None:
    """Recognise, read, and write again in three formats."""
    guess_format(source)
    masks = FORMATS[key].read(source)
    chance = random.Random(sum(mask.class_pixels for mask in masks))
    for other in chance.sample(TARGETS_OF_EXPORT, 2):
        FORMATS[other].write(masks, out / other, ExportOptions(instances=chance.random() < 0.3))


def _read_only(key: str, source: Path, out: Path) -> None:
    FORMATS[key].read(source)


def _beside(key: str, folder: Path) -> tuple[Path, Sequence[Path]]:
    """Files that an export beside them reads: class tables, lists of names, and an image in OME-Zarr."""
    form = FORMATS[key]
    form.write(_mask(), folder / "a.ome.zarr" if key == "ome-zarr" else folder)
    names = ("classes.json", "labels.txt", "data.yaml", "labelmap.txt", ".zattrs", ".zgroup", ".zarray")
    if key == "ome-zarr":  # as an image of the same size, which has labels already
        path = folder / "a.ome.zarr/.zattrs"
        attributes = json.loads(path.read_text())
        del attributes["image-label"]
        path.write_text(json.dumps(attributes))
        form.write(_mask(), folder / "a.ome.zarr")
    return folder, [path for path in sorted(folder.rglob("*")) if path.name in names]


def _write_beside(key: str, source: Path, out: Path) -> None:
    shutil.copytree(source, out / "copy")
    FORMATS[key].write(_mask(), out / "copy" / "a.ome.zarr" if key == "ome-zarr" else out / "copy")


TARGETS = (
    *(
        Target(f"beside-{key}", partial(_beside, key), partial(_write_beside, key))
        for key in ("png", "labelme", "yolo", "nifti", "ome-zarr")
        if FORMATS[key].available
    ),
    *(Target(key, partial(_corpus, key), partial(_parse, key)) for key in READABLE),
    *(Target(f"{key}-named", partial(_corpus, key), partial(_read_only, key)) for key in ("coco", "labelme", "tiff")),
)
