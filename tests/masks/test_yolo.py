import numpy as np
import pytest
from hypothesis import given
from PIL import Image, ImageDraw

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions, Holes
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.yolo import FORMAT


def rows(path):
    for line in path.read_text().splitlines():
        number, *values = line.split()
        yield int(number), np.array(values, float).reshape(-1, 2)


def test_the_golden_row(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    lines = (tmp_path / "labels/train/a.txt").read_text().splitlines()
    number, points = list(rows(tmp_path / "labels/train/a.txt"))[1]
    assert lines[1] == "1 0.833333 0.2 1 0.2 1 0.6 0.833333 0.6"
    assert number == 1
    assert len(points) == 4


def test_rows_filled_without_holes_give_the_same_pixels(planes, new_folder):
    @given(planes())
    def check(mask):
        folder = new_folder()
        FORMAT.write(mask, folder)
        ids = sorted(mask.classes.ids)
        height, width = mask.shape
        painted = np.zeros(mask.shape, np.int64)
        for number, points in rows(folder / "labels/train/m.txt"):
            assert points.min() >= 0
            assert points.max() <= 1
            # corners of pixels at 8 per pixel: Pillow fills even-odd, its outline stays off the pixel centres
            canvas = Image.new("1", (8 * width + 1, 8 * height + 1))
            ImageDraw.Draw(canvas).polygon([(8 * x * width, 8 * y * height) for x, y in points], fill=1)
            inside = np.asarray(canvas)[4::8, 4::8][:height, :width]
            painted[inside] = ids[number]
        np.testing.assert_array_equal(painted, np.where(mask.labels == (mask.classes.void or 0), 0, mask.labels))

    check()


def test_the_data_file_numbers_classes_from_zero_by_id(tmp_path):
    yaml = pytest.importorskip("yaml", reason="PyYAML reads data.yaml here")
    table = ClassTable((MaskClass(7, 'q"uo: te', (1, 2, 3)), MaskClass(3, "犬", (1, 2, 3))))
    FORMAT.write(LabelImage(np.array([[3, 7]], np.uint8), table, stem="a"), tmp_path)
    data = yaml.safe_load((tmp_path / "data.yaml").read_text(encoding="utf-8"))
    assert data["names"] == {0: "犬", 1: 'q"uo: te'}
    assert [number for number, _ in rows(tmp_path / "labels/train/a.txt")] == [0, 1]


def test_an_empty_mask_is_an_empty_file(tmp_path):
    FORMAT.write(LabelImage(np.zeros((2, 2), np.uint8), stem="a"), tmp_path, ExportOptions(subset="val"))
    assert (tmp_path / "labels/val/a.txt").read_bytes() == b""


def test_holes_and_parts_are_reported(golden, tmp_path):
    report = FORMAT.write(golden, tmp_path, ExportOptions(holes=Holes.FILL))
    assert (report.holes_lost, report.parts_split) == (1, 0)
    touching = LabelImage(np.array([[1, 0], [0, 1]], np.uint8), stem="b")
    assert FORMAT.write(touching, tmp_path / "b").parts_split == 1


def test_classes_of_label_files_that_stay_keep_their_numbers(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    FORMAT.write(golden.renamed("b"), tmp_path)
    other = LabelImage(np.array([[2]], np.uint8), ClassTable.from_names("car", "dog"), stem="c")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(MaskFormatError, match=r'Class 0 is "cat".*would become "car"'):
        FORMAT.write(other, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    FORMAT.write([other.renamed("a"), other.renamed("b")], tmp_path)


def test_every_split_is_listed(golden, tmp_path):
    FORMAT.write(golden, tmp_path, ExportOptions(subset="test"))
    FORMAT.write(golden, tmp_path)
    lines = (tmp_path / "data.yaml").read_text().splitlines()
    assert lines[:4] == ["path: .", "train: images/train", "val: images/val", "test: images/test"]
