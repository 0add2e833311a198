from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.masks.tiff import FORMAT


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.int64])
def test_tifffile_reads_the_same_numbers_of_the_same_type(dtype, tmp_path):
    labels = np.arange(24).reshape(2, 3, 4).astype(dtype)
    FORMAT.write(LabelImage(labels, axes="TYX"), tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.series[0].axes == "TYX"
        assert file.pages[0].compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        read = file.asarray()
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, labels)


def test_pixels_per_centimetre_are_in_the_tags(golden, tmp_path):
    FORMAT.write(replace(golden, scale=(2.0, 0.5), units=("millimeter",) * 2), tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        tags = file.pages[0].tags
        x, y = (tags[name].value[0] / tags[name].value[1] for name in ("XResolution", "YResolution"))
        assert tags["ResolutionUnit"].value == tifffile.RESUNIT.CENTIMETER
    assert (x, y) == pytest.approx((20.0, 5.0))


def test_a_tiff_of_another_tool_keeps_its_axes(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((3, 4, 5), np.uint16), metadata={"axes": "ZYX"})
    (mask,) = FORMAT.read(tmp_path / "a.tif")
    assert (mask.axes, mask.labels.dtype, mask.classes.ids) == ("ZYX", np.uint16, (1,))
    tifffile.imwrite(tmp_path / "b.tif", np.ones((4, 5), np.uint16))
    assert FORMAT.read(tmp_path / "b.tif")[0].axes == "YX"


def test_colours_are_no_labels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((6, 8, 3), np.uint8), photometric="rgb")
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((6, 8, 3), np.uint8), photometric="rgb", ome=True)
    with pytest.raises(MaskFormatError, match="colours instead of class ids"):
        FORMAT.read(tmp_path / "a.tif")
    with pytest.raises(MaskFormatError, match="colours instead of class ids"):
        FORMATS["ome-tiff"].read(tmp_path / "a.ome.tif")


def test_a_mask_of_another_program_is_turned_as_its_image_is(tmp_path):
    labels = np.array([[0, 1, 2], [3, 0, 0]], np.uint8)
    Image.fromarray(labels).save(tmp_path / "a.tif", tiffinfo={274: 6})
    assert FORMAT.read(tmp_path / "a.tif")[0].labels.tolist() == np.rot90(labels, -1).tolist()
