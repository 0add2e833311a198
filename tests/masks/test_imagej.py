import zipfile

import numpy as np
import pytest
from hypothesis import given

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks.imagej import FORMAT
from napari_cliptrase.masks.label_image import LabelImage

roifile = pytest.importorskip("roifile", reason="the extra imagej is not installed")
shapely = pytest.importorskip("shapely", reason="shapely fills the outlines here")


def inside(roi, shape):
    """Pixels whose centre lies in an odd number of the outlines that roifile reads."""
    centres = shapely.points([[(x + 0.5, y + 0.5) for x in range(shape[1])] for y in range(shape[0])])
    count = np.zeros(shape, int)
    rings = roi.coordinates(multi=True)
    for ring in rings if isinstance(rings, list) else [rings]:
        count += shapely.contains(shapely.make_valid(shapely.Polygon(ring)), centres)
    return count % 2 == 1


def test_roifile_reads_outlines_with_holes(planes, new_folder):
    @given(planes())
    def check(mask):
        path = new_folder() / "a.zip"
        FORMAT.write(mask, path)
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            rois = [roifile.ImagejRoi.frombytes(archive.read(name)) for name in names]
        assert len(set(names)) == len(names)
        painted = np.zeros(mask.shape, np.int64)
        for name, roi in zip(names, rois, strict=True):
            painted += inside(roi, mask.shape) * int(name.rsplit("-", 2)[1])
        np.testing.assert_array_equal(painted, np.where(mask.labels == (mask.classes.void or 0), 0, mask.labels))

    check()


def test_names_and_colours(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    cat, dog = roifile.roiread(tmp_path / "a_rois.zip")
    assert (cat.name, dog.name) == ("cat-1", "dog-1")
    assert cat.stroke_color == bytes((255, 128, 0, 0))
    assert (dog.left, dog.top, dog.right, dog.bottom) == (5, 1, 6, 3)


def test_a_second_export_replaces_the_first(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "a.zip")
    FORMAT.write(golden, tmp_path / "a.zip")
    assert len(roifile.roiread(tmp_path / "a.zip")) == 2


def test_planes_of_a_stack_are_numbered_from_one(tmp_path):
    labels = np.zeros((3, 2, 2), np.uint8)
    labels[2] = 1
    FORMAT.write(LabelImage(labels, axes="ZYX", stem="a"), tmp_path)
    roi = roifile.roiread(tmp_path / "a_rois.zip")
    roi = roi[0] if isinstance(roi, list) else roi
    assert roi.position == 3
    labels = np.ones((2, 3, 1, 1), np.uint8)
    FORMAT.write(LabelImage(labels, axes="TZYX", stem="b"), tmp_path)
    places = [(roi.t_position, roi.z_position) for roi in roifile.roiread(tmp_path / "b_rois.zip")]
    assert places == [(t, z) for t in (1, 2) for z in (1, 2, 3)]


def test_names_of_any_characters_give_names_of_files(tmp_path):
    mask = LabelImage(np.array([[1, 2]], np.uint8), ClassTable.from_names("a/b", "犬 🐶"))
    FORMAT.write(mask, tmp_path / "a.zip")
    one, two = roifile.roiread(tmp_path / "a.zip")
    assert (one.name, two.name[0]) == ("a/b-1", "犬")


def test_odd_class_names_are_read_by_roifile(tmp_path):
    mask = LabelImage(np.array([[1, 0, 2]], np.uint8), ClassTable.from_names("a\x00b\x0c", "naïve 犬\n🐶" * 90))
    report = FORMAT.write(mask, tmp_path / "a.zip")
    assert {roi.name for roi in roifile.roiread(tmp_path / "a.zip")} == {"a b -1", ("naïve 犬 �" * 90)[:200] + "-1"}
    assert "is called 'naïve 犬 �" in report.notes[0]
