from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.seg_nrrd import FORMAT

slicerio = pytest.importorskip("slicerio", reason="slicerio is the reader of 3D Slicer files")
nrrd = pytest.importorskip("nrrd", reason="pynrrd writes the files of another tool")


def test_slicerio_reads_segments_with_their_names_colours_and_pixels(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "a.seg.nrrd")
    read = slicerio.read_segmentation(str(tmp_path / "a.seg.nrrd"))
    np.testing.assert_array_equal(read["voxels"][:, :, 0].T, golden.labels)
    cat, dog, void = read["segments"]
    assert (cat["name"], cat["labelValue"], dog["name"], void["name"]) == ("cat", 1, "dog", "void")
    assert cat["color"] == pytest.approx([128 / 255, 0, 0], abs=1e-5)


def test_slicerio_reads_any_volume(planes, new_folder):
    @given(planes(ndim=3, top=70000))
    def check(mask):
        path = new_folder() / "a.seg.nrrd"
        FORMAT.write(mask, path)
        read = slicerio.read_segmentation(str(path))
        np.testing.assert_array_equal(read["voxels"].T, mask.labels)
        assert [s["labelValue"] for s in read["segments"]][: len(mask.classes)] == list(mask.classes.ids)

    check()


def test_the_size_of_voxels_is_in_millimetres(tmp_path):
    mask = LabelImage(
        np.ones((2, 3, 4), np.uint8), scale=(2000.0, 500.0, 250.0), units=("micrometer",) * 3, origin=(1000.0, 0.0, 0.0)
    )
    FORMAT.write(mask, tmp_path / "a.seg.nrrd")
    transform = slicerio.read_segmentation(str(tmp_path / "a.seg.nrrd"))["ijkToLPS"]
    np.testing.assert_allclose(np.diag(transform), [0.25, 0.5, 2.0, 1.0])
    np.testing.assert_allclose(transform[:3, 3], [0, 0, 1])


def test_names_are_unicode_on_one_line(tmp_path):
    mask = LabelImage(np.array([[1]], np.uint8), ClassTable.from_names("naïve\n犬:=🐶"))
    FORMAT.write(mask, tmp_path / "a.seg.nrrd")
    head = (tmp_path / "a.seg.nrrd").read_bytes().split(b"\n\n")[0].decode("utf-8")
    assert "\nSegment0_Name:=naïve 犬:=🐶\n" in head
    assert FORMAT.read(tmp_path / "a.seg.nrrd")[0].classes == mask.classes


def test_a_file_of_slicer_with_overlapping_layers_is_flattened(tmp_path):
    layers = np.zeros((2, 3, 2, 1), np.uint8)
    layers[0, 0] = 1
    layers[0, 1] = 2
    layers[1, 1] = 1
    header = {
        "kinds": ["list", "domain", "domain", "domain"],
        "space": "left-posterior-superior",
        "space directions": np.array([[np.nan] * 3, [1, 0, 0], [0, 2, 0], [0, 0, 3]]),
        "space origin": np.array([5.0, 6.0, 7.0]),
        "Segment0_Name": "liver", "Segment0_LabelValue": "1", "Segment0_Layer": "0", "Segment0_Color": "1 0 0",
        "Segment1_Name": "kidney", "Segment1_LabelValue": "2", "Segment1_Layer": "0", "Segment1_Color": "0 1 0",
        "Segment2_Name": "tumor", "Segment2_LabelValue": "1", "Segment2_Layer": "1", "Segment2_Color": "0 0 1",
    }  # fmt: skip
    stream = BytesIO()
    nrrd.write(stream, layers, header)
    (tmp_path / "s.seg.nrrd").write_bytes(stream.getvalue())
    (mask,) = FORMAT.read(tmp_path / "s.seg.nrrd")
    assert mask.labels.tolist() == [[[1, 3, 0], [1, 3, 0]]]
    assert [(e.id, e.name, e.color) for e in mask.classes] == [
        (1, "liver", (255, 0, 0)),
        (2, "kidney", (0, 255, 0)),
        (3, "tumor", (0, 0, 255)),
    ]
    assert (mask.scale, mask.origin, mask.overlapped) == ((3.0, 2.0, 1.0), (7.0, 6.0, 5.0), 2)


def test_time_points_become_files(golden, tmp_path):
    mask = replace(golden, labels=np.zeros((2, 3, 4, 5), np.uint8), axes="TZYX", scale=(), units=(), origin=())
    report = FORMAT.write(mask, tmp_path)
    assert [path.name for path in report.files] == ["a_t0.seg.nrrd", "a_t1.seg.nrrd"]
