"""Time grows with runs and pixels, not with objects times pixels.

Four times the objects on four times the pixels may take four times as long; objects times pixels would be sixteen.

python -m pytest tests/masks/test_many_objects.py -s -k figures
"""

import time

import numpy as np
import pytest

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS

KEYS = [
    key
    for key in (
        "coco-instances",
        "coco-polygons",
        "coco-panoptic",
        "labelme",
        "cvat",
        "label-studio",
        "datumaro",
        "geojson",
    )
    if FORMATS[key].available
]


def discs(size, across):
    """Objects of two classes that do not touch."""
    step = size // across
    y, x = np.mgrid[:step, :step]
    disc = (y - step / 2) ** 2 + (x - step / 2) ** 2 < (0.42 * step) ** 2
    classes = np.indices((across, across)).sum(0) % 2 + 1
    labels = np.zeros((size, size), np.uint8)
    labels[: step * across, : step * across] = np.kron(classes, disc)
    return LabelImage(labels, ClassTable.from_names("cell", "nucleus"), stem="many")


def dots(size):
    """One-pixel objects, as many as there can be."""
    labels = np.zeros((size, size), np.uint8)
    labels[::2, ::2] = 1
    return LabelImage(labels, ClassTable.from_names("dot"), stem="many")


def seconds(key, mask, folder):
    """Processor time for writing and for reading back."""
    form = FORMATS[key]
    begin = time.process_time()
    form.write(mask, folder, ExportOptions(instances=True))
    written = time.process_time()
    (back,) = form.read(folder / form.default_name)
    read = time.process_time()
    np.testing.assert_array_equal(back.labels, mask.labels)
    return written - begin, read - written


@pytest.mark.parametrize("key", KEYS)
def test_four_times_the_objects_take_four_times_as_long(key, tmp_path):
    seconds(key, discs(64, 4), tmp_path / "warm")
    small = [seconds(key, discs(512, 16), tmp_path / f"small{n}") for n in range(2)]
    large = [seconds(key, discs(1024, 32), tmp_path / f"large{n}") for n in range(2)]
    for step in (0, 1):
        one, four = min(s[step] for s in small), min(s[step] for s in large)
        assert four < 10 * one + 0.3


def test_dots_of_labelme_are_read_about_as_fast_as_those_of_coco(tmp_path):
    """Each dot is a picture in its own right; opening one by one took twenty times as long."""
    seconds("labelme", dots(32), tmp_path / "warm")
    of_coco, of_labelme = (
        min(seconds(key, dots(160), tmp_path / f"{key}{n}")[1] for n in range(2))
        for key in ("coco-instances", "labelme")
    )
    assert of_labelme < 8 * of_coco + 0.1


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_figures_of_cells(key, tmp_path):
    written, read = seconds(key, discs(2048, 47), tmp_path)
    print(f"\n{key}: 2,209 cells on 2048 × 2048 in {written:.1f} s, back in {read:.1f} s")  # noqa: T201


@pytest.mark.slow
@pytest.mark.parametrize("key", ["coco-instances", "coco-polygons", "geojson", "labelme", "label-studio"])
def test_figures_of_dots(key, tmp_path):
    written, read = seconds(key, dots(1000), tmp_path)
    print(f"\n{key}: 250,000 dots on 1000 × 1000 in {written:.1f} s, back in {read:.1f} s")  # noqa: T201
