from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.ome_tiff import FORMAT


def test_axes_and_physical_sizes_are_where_bio_formats_looks(tmp_path):
    labels = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    mask = LabelImage(labels, axes="ZYX", scale=(2.0, 0.5, 0.25), units=("micrometer",) * 3)
    FORMAT.write(mask, tmp_path / "a.ome.tif")
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert file.is_ome
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
        np.testing.assert_array_equal(file.asarray(), labels)
    assert (pixels["PhysicalSizeX"], pixels["PhysicalSizeY"], pixels["PhysicalSizeZ"]) == (0.25, 0.5, 2.0)
    assert pixels["PhysicalSizeXUnit"] == "µm"
    assert (pixels["SizeX"], pixels["SizeY"], pixels["SizeZ"]) == (4, 3, 2)


def test_a_file_of_another_tool_keeps_its_pixel_size(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", np.ones((3, 4), np.uint16), metadata={"axes": "YX", "PhysicalSizeX": 0.5})
    (mask,) = FORMAT.read(tmp_path / "a.ome.tif")
    assert (mask.scale, mask.units) == ((1.0, 0.5), ("pixel", "micrometer"))


def test_axes_that_ome_does_not_know_are_refused(golden, tmp_path):
    mask = LabelImage(np.zeros((2, 2, 2), np.uint8), axes="QYX")
    with pytest.raises(MaskFormatError, match="QYX"):
        FORMAT.write(mask, tmp_path / "a.ome.tif")


def test_sixty_four_bit_labels_are_written_in_the_bits_they_need(golden, tmp_path):
    FORMAT.write(replace(golden, labels=golden.labels.astype(np.int64)), tmp_path / "a.ome.tif")
    assert tifffile.imread(tmp_path / "a.ome.tif").dtype == np.uint8


def test_odd_class_names_are_read_by_tifffile_and_by_us(tmp_path):
    mask = LabelImage(
        np.array([[1, 2]], np.uint8), ClassTable.from_names("a\x00b\x0c", "naïve & <犬>\n🐶"), stem="m\x01"
    )
    FORMAT.write(mask, tmp_path / "a.ome.tif")
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        described = tifffile.xml2dict(file.ome_metadata)["OME"]["StructuredAnnotations"]["MapAnnotation"]["Value"]["M"]
    assert "a b " in str(described)
    assert FORMAT.read(tmp_path / "a.ome.tif")[0].classes == mask.classes
