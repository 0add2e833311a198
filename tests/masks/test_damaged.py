"""Files that were cut off or changed: one sentence with the name of the file, whatever library reads it."""

import os
import random
from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions, NgffVersion
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.read_errors import read_error_text
from napari_cliptrase.masks.registry import FORMATS, guess_format

READABLE = [key for key, form in FORMATS.items() if form.decode is not None]
SIDE_FILES = ("labels.txt", "config.xml", "itksnap_labels.txt")


def written(key: str, folder: Path, **options: object) -> tuple[Path, list[Path]]:
    """What to open, and all files that were written."""
    labels = np.zeros((60, 80), np.uint8)
    labels[10:40, 10:40] = 1
    labels[20, 60] = 2
    form = FORMATS[key]
    name = f"a{form.extensions[0]}" if form.extensions else "a"
    form.write(LabelImage(labels, ClassTable.from_names("cat", "dog")), folder / name, ExportOptions(**options))
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in SIDE_FILES]
    return folder / name, files


def opened(key: str, source: Path) -> None:
    """Read and recognise; nothing but a sentence with the name of a file may come out."""
    for attempt in (lambda: FORMATS[key].read(source), lambda: guess_format(source)):
        try:
            attempt()
        except MaskFormatError as error:
            assert str(source.parent) in str(error) or source.name in str(error)  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("key", READABLE)
def test_files_that_are_cut_off_are_a_sentence(key, tmp_path):
    source, files = written(key, tmp_path)
    for path in files:
        whole = path.read_bytes()
        for length in sorted({0, 1, 20, *(len(whole) * part // 10 for part in range(10)), len(whole) - 1}):
            path.write_bytes(whole[: max(length, 0)])
            opened(key, source)
        path.write_bytes(whole)


@pytest.mark.parametrize("key", READABLE)
def test_files_with_changed_bytes_are_a_sentence(key, tmp_path):
    source, files = written(key, tmp_path)
    chance = random.Random(1)
    for path in files:
        whole = path.read_bytes()
        for _ in range(8):
            changed = bytearray(whole)
            for _ in range(3):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            path.write_bytes(bytes(changed))
            opened(key, source)
        path.write_bytes(whole)


def test_a_damaged_zarr_of_the_new_version_is_a_sentence(tmp_path):
    source, files = written("ome-zarr", tmp_path, ngff=NgffVersion.V05)
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        opened("ome-zarr", source)
        path.write_bytes(whole)


def test_json_without_end_is_a_sentence(tmp_path):
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(MaskFormatError, match="no known mask format"):
        guess_format(tmp_path / "deep.json")
    with pytest.raises(MaskFormatError, match=r"deep\.json cannot be read as COCO stuff: it is nested too deeply"):
        FORMATS["coco"].read(tmp_path / "deep.json")


def test_an_error_without_words_is_reported_by_its_name():
    assert read_error_text(MemoryError()) == "it is damaged, or larger than the memory"
    assert read_error_text(ZeroDivisionError()) == "it is damaged (ZeroDivisionError)"
    assert read_error_text(ValueError("two\nlines.")) == "two lines"


def test_a_mask_of_many_pixels_in_labelme_is_no_bomb(tmp_path):
    labels = np.zeros((14_000, 13_500), np.uint8)
    labels[0, 0] = labels[-1, -1] = 1
    FORMATS["labelme"].write(LabelImage(labels, ClassTable.from_names("cat")), tmp_path / "big.json")
    (mask,) = FORMATS["labelme"].read(tmp_path / "big.json")
    assert mask.counts[1] == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("key", READABLE)
def test_a_pipe_in_place_of_a_file_does_not_hang(key, tmp_path):
    path = tmp_path / f"a{(FORMATS[key].extensions or ('',))[0]}"
    os.mkfifo(path)
    with pytest.raises(MaskFormatError, match="is a pipe"):
        FORMATS[key].read(path)
