import os

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.read import read_image

PICTURE = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)


def test_png_comes_back_exactly(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "a.png")
    assert (read_image(tmp_path / "a.png").rgb() == PICTURE).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "YCbCr"])
def test_pillow_modes(tmp_path, mode):
    suffix = {"CMYK": "tif", "YCbCr": "jpg"}.get(mode, "png")
    Image.fromarray(PICTURE).convert("L" if mode == "I;16" else "RGB").convert(mode).save(tmp_path / f"a.{suffix}")
    rgb = read_image(tmp_path / f"a.{suffix}").rgb()
    assert rgb.shape == PICTURE.shape
    assert np.ptp(rgb) > 100


def test_jpeg_is_turned_as_exif_says(tmp_path):
    left_red = np.zeros((16, 32, 3), np.uint8)
    left_red[:, :16, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    Image.fromarray(left_red).save(tmp_path / "a.jpg", exif=exif)
    rgb = read_image(tmp_path / "a.jpg").rgb()
    assert rgb.shape == (32, 16, 3)
    assert rgb[:14, :, 0].min() > 200
    assert rgb[18:, :, 0].max() < 60


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64, bool])
@pytest.mark.parametrize(
    ("shape", "options", "letters"),
    [
        ((12, 20), {}, "YX"),
        ((12, 20, 3), {"photometric": "rgb"}, "YXS"),
        ((5, 12, 20), {"metadata": {"axes": "ZYX"}}, "ZYX"),
        ((2, 12, 20), {"metadata": {"axes": "CYX"}, "imagej": True}, "CYX"),
        ((4, 2, 12, 20), {"metadata": {"axes": "TCYX"}, "ome": True}, "TCYX"),
    ],
)
def test_tiff_of_any_kind(tmp_path, dtype, shape, options, letters):
    if options.get("imagej") and dtype not in (np.uint8, np.uint16, np.float32):
        options = {**options, "imagej": False}
    if dtype is bool and "photometric" in options:
        dtype = np.uint8
    array = (np.random.default_rng(0).random(shape) * 200).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", array, **options)
    image = read_image(tmp_path / "a.tif")
    assert image.roles.letters == letters
    assert (image.array == array).all()
    assert image.rgb().shape == (12, 20, 3)


def test_float_tiff_with_nan(tmp_path):
    array = np.linspace(-5, 5, 240, dtype=np.float32).reshape(12, 20)
    array[0, 0] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", array)
    rgb = read_image(tmp_path / "a.tif").rgb()
    assert rgb[0, 0, 0] == 0
    assert rgb[-1, -1, 0] == 255


def test_tiff_in_a_compression_that_only_pillow_knows(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "a.tif", compression="tiff_lzw")
    assert (read_image(tmp_path / "a.tif").rgb() == PICTURE).all()


def test_white_is_zero_tiffs_are_not_shown_as_negatives(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", PICTURE[:, :, 0], photometric="miniswhite")
    assert (read_image(tmp_path / "a.tif").rgb()[:, :, 0] == 255 - PICTURE[:, :, 0]).all()


def test_palette_tiff_has_its_colours(tmp_path):
    colormap = np.zeros((3, 256), np.uint16)
    colormap[0] = np.arange(256) * 257
    tifffile.imwrite(tmp_path / "a.tif", PICTURE[:, :, 0], photometric="palette", colormap=colormap)
    rgb = read_image(tmp_path / "a.tif").rgb()
    assert (rgb[:, :, 0] == PICTURE[:, :, 0]).all()
    assert (rgb[:, :, 1:] == 0).all()


def test_planes_are_counted(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 3, 12, 20), np.uint8), metadata={"axes": "TZYX"})
    image = read_image(tmp_path / "a.tif")
    assert image.plane_shape == (2, 3)
    assert list(image.indices())[:2] == [(0, 0), (0, 1)]
    Image.fromarray(PICTURE).save(tmp_path / "a.png")
    assert list(read_image(tmp_path / "a.png").indices()) == [()]


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_cut_off_files_are_refused(tmp_path, suffix, kept):
    whole = tmp_path / f"whole.{suffix}"
    Image.fromarray(PICTURE.repeat(8, 0)).save(whole)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * kept)])
    with pytest.raises(ImageReadError, match=rf"cut\.{suffix} is (damaged|not an image)"):
        read_image(cut)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.png", b"", "is empty"),
        ("empty.tif", b"", "is empty"),
        ("text.png", b"not an image at all", "is not an image"),
        ("text.tif", b"II*\0nonsense", "is damaged or not complete"),
        ("zeros.jpg", bytes(100), "is not an image"),
        ("page.html", b"<html></html>", "is not an image"),
    ],
)
def test_what_is_no_image(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageReadError, match=sentence) as caught:
        read_image(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(ImageReadError, match="does not exist"):
        read_image(tmp_path / "nothing.png")
    with pytest.raises(ImageReadError, match="is a folder"):
        read_image(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_place_of_an_image_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(ImageReadError, match="is a pipe"):
        read_image(tmp_path / "a.png")


def test_a_name_that_no_disk_takes_is_a_sentence(tmp_path):
    with pytest.raises(ImageReadError, match="cannot be opened"):
        read_image(tmp_path / ("x" * 300))
