import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.cityscapes import FORMAT
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_ids_come_from_the_map(golden, tmp_path):
    options = ExportOptions(id_map={1: 7, 2: 26}, instances=True)
    report = FORMAT.write(golden, tmp_path, options)
    ids = pixels(tmp_path / "a_gtFine_labelIds.png")
    expected = np.select([golden.labels == 1, golden.labels == 2, golden.labels == 255], [7, 26, 255])
    np.testing.assert_array_equal(ids, expected)
    assert not report.lossy
    np.testing.assert_array_equal(pixels(tmp_path / "a_gtFine_color.png")[1, 1], (128, 0, 0))
    assert pixels(tmp_path / "a_gtFine_instanceIds.png")[1].tolist() == [0, 7000, 7000, 7000, 0, 26000]


def test_objects_of_a_class_are_numbered(tmp_path):
    FORMAT.write(LabelImage(np.array([[1, 0, 1]], np.uint8), stem="a"), tmp_path, ExportOptions(instances=True))
    assert pixels(tmp_path / "a_gtFine_instanceIds.png").tolist() == [[1000, 0, 1001]]


def test_classes_without_an_id_are_counted_as_dropped(golden, tmp_path):
    report = FORMAT.write(golden, tmp_path, ExportOptions(id_map={1: 7}))
    assert (report.pixels_written, report.pixels_dropped) == (8, 2)
    assert any("'dog'" in note for note in report.notes)


def test_two_classes_of_one_id_are_a_loss(golden, tmp_path):
    with pytest.raises(MaskFormatError, match="one id to several classes"):
        FORMAT.write(golden, tmp_path, ExportOptions(id_map={1: 7, 2: 7}, strict=True))


def test_ids_that_do_not_fit_are_refused(golden, tmp_path):
    for bad in (256, -1, 255):
        with pytest.raises(MaskFormatError, match=f"has id {bad}"):
            FORMAT.write(golden, tmp_path, ExportOptions(id_map={1: bad, 2: 1}))
    many = replace(golden, labels=np.tile(np.array([[1, 0]], np.uint8), (1, 1001)))
    with pytest.raises(MaskFormatError, match="allows at most 1000 objects"):
        FORMAT.write(many, tmp_path, ExportOptions(instances=True))


def test_objects_of_a_class_without_an_id_are_background(golden, tmp_path):
    FORMAT.write(golden, tmp_path, ExportOptions(id_map={1: 7}, instances=True))
    assert np.unique(pixels(tmp_path / "a_gtFine_instanceIds.png")).tolist() == [0, 255, 7000]


def test_large_labels_need_no_large_table(tmp_path):
    big = LabelImage(np.array([[0, 5, 2**31 + 5]], np.uint32), stem="a")
    tracemalloc.start()
    FORMAT.write(big, tmp_path, ExportOptions(id_map={5: 7, 2**31 + 5: 8}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pixels(tmp_path / "a_gtFine_labelIds.png").tolist() == [[0, 7, 8]]
    assert peak < 100_000_000
