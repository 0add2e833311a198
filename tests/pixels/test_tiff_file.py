import struct

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.pixels.tiff_file import check_tiff, open_tiff, read_series, upright

PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10
WIDTH, LENGTH, STRIP_BYTES, TILE_WIDTH = 256, 257, 279, 322


def with_tag(path, tag, value):
    """Change the first value of a tag of the first page."""
    content = bytearray(path.read_bytes())
    (at,) = struct.unpack("<I", content[4:8])
    (count,) = struct.unpack("<H", content[at : at + 2])
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        found, kind = struct.unpack("<HH", content[entry : entry + 4])
        if found == tag:
            content[entry + 8 : entry + 12] = struct.pack(
                "<I" if kind == 4 else "<HH", *([value] if kind == 4 else [value, 0])
            )
    path.write_bytes(bytes(content))
    return path


def read(path):
    with open_tiff(path) as (tiff, pages):
        return read_series(tiff, pages)


@pytest.mark.parametrize("compression", [None, "zlib", "tiff_lzw"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_whatever_their_compression(compression, orientation, tmp_path):
    path = tmp_path / "a.tif"
    kind = {"zlib": "tiff_adobe_deflate"}.get(compression, compression)
    Image.fromarray(PICTURE).save(path, compression=kind, tiffinfo={274: orientation})
    np.testing.assert_array_equal(read_image(path).rgb(), np.asarray(ImageOps.exif_transpose(Image.open(path))))


def test_stacks_are_turned_plane_by_plane():
    stack = np.arange(24).reshape(2, 3, 4)
    assert upright(stack, "ZYX", 6).shape == (2, 4, 3)
    np.testing.assert_array_equal(upright(stack, "ZYX", 3)[1], stack[1, ::-1, ::-1])
    assert upright(stack, "ZYX", 99) is stack


@pytest.mark.parametrize("kind", ["plain", "ome", "imagej", "raw"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_stack_that_was_cut_off_is_refused(kind, share, tmp_path):
    stack = np.random.default_rng(0).integers(0, 255, (6, 40, 50), np.uint8)
    path = tmp_path / ("a.ome.tif" if kind == "ome" else "a.tif")
    options = {"plain": {"compression": "zlib"}, "ome": {"ome": True}, "imagej": {"imagej": True}, "raw": {}}[kind]
    tifffile.imwrite(path, stack, photometric="minisblack", **options)
    assert read_image(path).array.shape == (6, 40, 50)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ImageReadError, match=r"a(\.ome)?\.tif is damaged or not complete"):
        read_image(path)


def test_pages_without_a_description_that_were_cut_off_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for _ in range(6):
            writer.write(np.full((40, 50), 7, np.uint8), photometric="minisblack", metadata=None)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(ValueError, match="it was cut off"):
        read(path)


@pytest.mark.parametrize(
    ("tag", "value", "says"),
    [
        (WIDTH, 65_000, "more than its"),
        (LENGTH, 60_000, "strips"),
        (LENGTH, 0, "0 × 80 pixels"),
        (STRIP_BYTES, 2**31, "beyond its end"),
    ],
)
def test_tags_that_lie_are_refused_before_anything_is_allocated(tag, value, says, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((60, 80), np.uint8), photometric="minisblack", compression="zlib", rowsperstrip=20)
    if tag == STRIP_BYTES:
        tifffile.imwrite(path, np.zeros((60, 80), np.uint8), photometric="minisblack")
    with pytest.raises(ValueError, match=says):
        check_tiff(with_tag(path, tag, value))


@pytest.mark.parametrize("value", [0, 1, 16])
def test_tiles_of_other_sizes_than_their_number_allows_are_refused(value, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((512, 512), np.uint8), photometric="minisblack", tile=(256, 256))
    assert read(path).shape == (512, 512)
    with pytest.raises(ValueError, match="tiles"):
        check_tiff(with_tag(path, TILE_WIDTH, value))


def test_a_chain_of_pages_that_leads_in_a_circle_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((4, 5), np.uint8), photometric="minisblack")
    content = bytearray(path.read_bytes())
    (at,) = struct.unpack("<I", content[4:8])
    (count,) = struct.unpack("<H", content[at : at + 2])
    content[at + 2 + 12 * count : at + 6 + 12 * count] = content[4:8]
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="leads back"):
        check_tiff(path)


def test_ome_xml_that_declares_endless_planes_is_refused(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, np.zeros((2, 4, 5), np.uint8), photometric="minisblack", metadata={"axes": "ZYX"})
    content = path.read_bytes()
    assert b'SizeZ="2"' in content
    path.write_bytes(content.replace(b'SizeZ="2"', b'SizeZ="9"').replace(b'SizeT="1"', b'SizeT="9"'))
    with pytest.raises(ValueError, match="declares 81 planes and holds 2"):
        read(path)


@pytest.mark.parametrize(
    "options", [{"bigtiff": True}, {"byteorder": ">"}, {"planarconfig": "separate"}, {"tile": (16, 16)}]
)
def test_tiffs_of_many_kinds_pass(options, tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (3, 40, 50), np.uint16)
    if "planarconfig" not in options:
        picture = np.moveaxis(picture, 0, -1)
    tifffile.imwrite(tmp_path / "a.tif", picture, photometric="rgb", **options)
    np.testing.assert_array_equal(read(tmp_path / "a.tif"), picture)
