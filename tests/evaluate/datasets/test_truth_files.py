"""Mask files of every kind to numbers, and sentences for what is not a mask."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.io import savemat

from napari_cliptrase.evaluate.datasets.truth_files import read_numbers, read_rgb_code
from napari_cliptrase.evaluate.labelled_images import DataError

MASK = np.array([[0, 1, 2], [3, 200, 255]], np.uint8)
WIDE = np.array([[0, 1, 458], [3, 300, 65535]], np.uint16)


def test_a_gray_and_an_indexed_png_are_their_numbers(tmp_path: Path) -> None:
    Image.fromarray(MASK).save(tmp_path / "gray.png")
    indexed = Image.fromarray(MASK, mode="P")
    indexed.putpalette([value for i in range(256) for value in (255 - i, i, 7)])
    indexed.save(tmp_path / "indexed.png")
    for name in ("gray", "indexed"):
        np.testing.assert_array_equal(read_numbers(tmp_path / f"{name}.png"), MASK)


def test_numbers_beyond_255_come_from_png_tiff_and_matlab(tmp_path: Path) -> None:
    Image.fromarray(WIDE).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", WIDE)
    savemat(tmp_path / "a.mat", {"LabelMap": WIDE})
    for name in ("a.png", "a.tif", "a.mat"):
        np.testing.assert_array_equal(read_numbers(tmp_path / name), WIDE)


def test_colours_are_given_back_for_masks_that_use_them(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_rgb_code(tmp_path / "a.png"), colours)
    with pytest.raises(DataError, match="is a picture in colours"):
        read_numbers(tmp_path / "a.png")
    Image.fromarray(MASK).save(tmp_path / "gray.png")
    with pytest.raises(DataError, match="no coloured mask"):
        read_rgb_code(tmp_path / "gray.png")


def test_what_is_no_mask_is_named_with_what_it_is(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), np.float32))
    with pytest.raises(DataError, match=r"a\.tif is float32 of shape \(4, 5\), not a mask of whole numbers"):
        read_numbers(tmp_path / "a.tif")
    savemat(tmp_path / "a.mat", {"other": MASK})
    with pytest.raises(DataError, match="holds no LabelMap"):
        read_numbers(tmp_path / "a.mat")


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.mat"])
def test_damaged_and_missing_files_are_one_sentence_with_their_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"{name} does not exist"):
        read_numbers(tmp_path / name)
    (tmp_path / name).write_bytes(b"no mask")
    with pytest.raises(DataError, match=f"{name} cannot be read as a mask") as caught:
        read_numbers(tmp_path / name)
    assert "\n" not in str(caught.value)
