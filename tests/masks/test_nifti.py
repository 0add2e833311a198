import numpy as np
import pytest
from hypothesis import given

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.nifti import FORMAT

nibabel = pytest.importorskip("nibabel", reason="the extra nifti is not installed")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii"])
def test_nibabel_reads_any_volume(suffix, planes, new_folder):
    @given(planes(ndim=3, top=70000))
    def check(mask):
        path = new_folder() / f"a{suffix}"
        FORMAT.write(mask, path)
        np.testing.assert_array_equal(np.asarray(nibabel.load(path).dataobj).T, mask.labels)

    check()


def test_voxels_lie_where_the_slicer_export_puts_them(tmp_path):
    mask = LabelImage(
        np.ones((2, 3, 4), np.uint8), scale=(2.0, 0.5, 0.25), units=("millimeter",) * 3, origin=(7.0, 6.0, 5.0)
    )
    FORMAT.write(mask, tmp_path / "a.nii.gz")
    image = nibabel.load(tmp_path / "a.nii.gz")
    assert image.header.get_zooms() == (0.25, 0.5, 2.0)
    assert image.header.get_xyzt_units()[0] == "mm"
    np.testing.assert_allclose(image.affine, [[-0.25, 0, 0, -5], [0, -0.5, 0, -6], [0, 0, 2, 7], [0, 0, 0, 1]])


def test_itk_snap_gets_its_label_descriptions(tmp_path):
    table = ClassTable((MaskClass(1, 'a "b"', (10, 20, 30)),))
    FORMAT.write(LabelImage(np.array([[1]], np.uint8), table, stem="a"), tmp_path)
    lines = (tmp_path / "itksnap_labels.txt").read_text().splitlines()
    assert lines[0].split()[:4] == ["0", "0", "0", "0"]
    assert lines[1].split(maxsplit=7) == ["1", "10", "20", "30", "1", "1", "1", "\"a 'b'\""]


def test_a_volume_of_another_tool(tmp_path):
    image = nibabel.Nifti1Image(np.arange(8, dtype=np.float32).reshape(2, 2, 2), np.diag([1, 2, 3, 1]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "a.nii")
    (mask,) = FORMAT.read(tmp_path / "a.nii")
    assert mask.labels.tolist() == np.arange(8).reshape(2, 2, 2).T.tolist()
    assert (mask.scale, mask.units) == ((3.0, 2.0, 1.0), ("millimeter",) * 3)
    nibabel.save(nibabel.Nifti1Image(np.full((2, 2, 2), 0.5), np.eye(4)), tmp_path / "b.nii")
    with pytest.raises(MaskFormatError, match="fractions"):
        FORMAT.read(tmp_path / "b.nii")


def test_more_pixels_in_a_row_than_nifti_knows_are_refused(tmp_path):
    with pytest.raises(MaskFormatError, match=r"40,000 pixels in a row, but NIfTI allows at most 32,767"):
        FORMAT.write(LabelImage(np.ones((2, 40_000), np.uint8)), tmp_path / "a.nii.gz")
