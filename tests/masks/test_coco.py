import json

import numpy as np
import pytest
from hypothesis import given
from pycocotools.coco import COCO

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.masks.coco import INSTANCES, STUFF
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage


def opened(form, masks, folder, options=None):
    form.write(masks, folder / "a.json", options)
    return COCO(str(folder / "a.json"))


def test_the_golden_vector(golden, tmp_path):
    STUFF.write(golden, tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text())
    assert [a["segmentation"] for a in data["annotations"]] == [
        {"size": [5, 6], "counts": "632NO0129"},
        {"size": [5, 6], "counts": "j022"},
    ]
    assert [(a["area"], a["bbox"], a["iscrowd"]) for a in data["annotations"]] == [
        (8, [1, 1, 3, 3], 0),
        (2, [5, 1, 1, 2], 0),
    ]
    assert data["images"] == [{"id": 1, "file_name": "a.png", "width": 6, "height": 5}]


def test_pycocotools_sees_the_same_pixels_for_each_class(planes, new_folder):
    @given(planes())
    def check(mask):
        coco = opened(STUFF, mask, new_folder())
        assert sorted(coco.getCatIds()) == sorted(mask.classes.ids)
        found = {a["category_id"]: coco.annToMask(a) for a in coco.loadAnns(coco.getAnnIds())}
        assert sorted(found) == sorted(set(mask.counts) - {0, mask.classes.void})
        for class_id, inside in found.items():
            np.testing.assert_array_equal(inside, mask.labels == class_id)

    check()


@pytest.mark.parametrize(("corners", "parts"), [(True, 1), (False, 2)])
def test_objects_are_connected_parts(corners, parts, tmp_path):
    mask = LabelImage(np.array([[1, 0], [0, 1]], np.uint8))
    coco = opened(INSTANCES, mask, tmp_path, ExportOptions(corners=corners))
    assert len(coco.getAnnIds()) == parts


def test_objects_of_pycocotools_are_disjoint_and_cover_the_classes(planes, new_folder):
    @given(planes())
    def check(mask):
        coco = opened(INSTANCES, mask, new_folder())
        painted = np.zeros(mask.shape, np.int64)
        for annotation in coco.loadAnns(coco.getAnnIds()):
            painted += coco.annToMask(annotation) * annotation["category_id"]
        np.testing.assert_array_equal(painted, np.where(mask.labels == (mask.classes.void or 0), 0, mask.labels))

    check()


def test_objects_by_number_stay_apart_when_they_touch_and_split_at_classes(tmp_path):
    labels = np.array([[1, 1, 2, 2]], np.uint8)
    mask = LabelImage(labels, instances=np.array([[1, 2, 2, 2]], np.uint32))
    coco = opened(INSTANCES, mask, tmp_path)
    objects = [(a["category_id"], coco.annToMask(a).tolist()) for a in coco.loadAnns(coco.getAnnIds())]
    assert sorted(objects) == [(1, [[0, 1, 0, 0]]), (1, [[1, 0, 0, 0]]), (2, [[0, 0, 1, 1]])]


def test_several_images_share_categories_and_never_share_ids(golden, tmp_path):
    coco = opened(STUFF, [golden, golden.renamed("sub/b")], tmp_path)
    assert [image["file_name"] for image in coco.dataset["images"]] == ["a.png", "sub/b.png"]
    assert sorted(coco.getAnnIds()) == [1, 2, 3, 4]
    assert [c["id"] for c in coco.dataset["categories"]] == [1, 2]


def test_ids_do_not_depend_on_order_or_names(golden, tmp_path):
    cat, dog = golden.classes
    table = ClassTable((dog, MaskClass(1, "feline", cat.color)), void=255)
    one = opened(STUFF, golden, tmp_path)
    two = opened(STUFF, LabelImage(golden.labels, table, stem="a"), tmp_path)
    assert one.dataset["annotations"] == two.dataset["annotations"]
    assert {c["id"]: c["name"] for c in two.dataset["categories"]} == {1: "feline", 2: "dog"}


def test_void_is_counted_as_lost(golden, tmp_path):
    report = STUFF.write(golden, tmp_path / "a.json")
    assert (report.pixels_written, report.pixels_dropped, report.classes) == (10, 1, 2)
    assert report.lossy
