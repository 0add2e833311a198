import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.voc import FORMAT


def test_the_tree_is_that_of_voc(golden, tmp_path):
    FORMAT.write([golden, golden.renamed("b")], tmp_path, ExportOptions(subset="val"))
    assert (tmp_path / "ImageSets/Segmentation/val.txt").read_text() == "a\nb\n"
    with Image.open(tmp_path / "SegmentationClass/a.png") as image:
        np.testing.assert_array_equal(np.asarray(image), golden.labels)
    with Image.open(tmp_path / "SegmentationObject/a.png") as image:
        objects = np.asarray(image)
    assert (objects == 255).tolist() == (golden.labels == 255).tolist()
    assert set(np.unique(objects)) == {0, 1, 2, 255}


def test_more_objects_than_a_palette_holds_do_not_wrap_around(tmp_path):
    labels = np.zeros((40, 40), np.uint8)
    labels[::2, ::2] = 1
    FORMAT.write(LabelImage(labels, stem="a"), tmp_path)
    with Image.open(tmp_path / "SegmentationObject/a.png") as image:
        assert len(np.unique(np.asarray(image))) == 401
    (back,) = FORMAT.read(tmp_path)
    assert len(np.unique(back.instances)) == 401


def test_ids_above_255_are_refused(tmp_path):
    with pytest.raises(MaskFormatError, match="above 255"):
        FORMAT.write(LabelImage(np.array([[256]], np.uint16)), tmp_path)


def test_more_objects_than_its_images_can_number_are_refused(tmp_path):
    labels = np.zeros((520, 520), np.uint8)
    labels[::2, ::2] = 1
    mask = LabelImage(labels, ClassTable.from_names("dot"))
    with pytest.raises(MaskFormatError, match=r"has 67,600 objects, but VOC's images allow at most 65,535"):
        FORMAT.write(mask, tmp_path)
    assert not list(tmp_path.iterdir())
