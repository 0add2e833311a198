import numpy as np
from hypothesis import given
from pycocotools.coco import COCO

from napari_cliptrase.masks.coco_polygons import FORMAT
from napari_cliptrase.masks.export_options import ExportOptions, Holes


def test_pycocotools_fills_the_polygons_to_the_same_pixels(planes, new_folder):
    @given(planes())
    def check(mask):
        folder = new_folder()
        FORMAT.write(mask, folder / "a.json")
        coco = COCO(str(folder / "a.json"))
        painted = np.zeros(mask.shape, np.int64)
        for annotation in coco.loadAnns(coco.getAnnIds()):
            inside = coco.annToMask(annotation)
            assert annotation["area"] == inside.sum()
            rows, columns = np.nonzero(inside)
            assert annotation["bbox"] == [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
            painted += inside * annotation["category_id"]
        np.testing.assert_array_equal(painted, np.where(mask.labels == (mask.classes.void or 0), 0, mask.labels))

    check()


def test_filled_holes_are_counted(golden, tmp_path):
    report = FORMAT.write(golden, tmp_path / "a.json", ExportOptions(holes=Holes.FILL))
    assert report.holes_lost == 1
    assert "1 hole filled (1 pixel)" in " ".join(report.losses)
    coco = COCO(str(tmp_path / "a.json"))
    assert coco.annToMask(coco.loadAnns([1])[0]).sum() == 9
